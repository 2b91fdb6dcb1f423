"""Even paper: one brightness all over, read off the histogram.

grey -> prevailing grey level (of the picture, or of it without its grain) -> side of the ink, grain -> Paper
"""

import math

import numpy as np
import numpy.typing as npt

from service.preprocessing.decoding import Grey
from service.preprocessing.paper import (
    LEVELS,
    TINY_SIDE,
    Counts,
    Paper,
    histogram,
    noise_floor_of,
    smooth,
)

FLAT_SPREAD = 6  # grey levels around the commonest one that still are the same paper
FLAT_SHARE = 0.5  # of the pixels that are of that level at least
FLAT_BORDER_SHARE = 0.6  # of the border's pixels that are of that level at least
BORDER_DEPTH = 20  # the border is one pixel in so many of the shorter side deep
_LEVEL_WINDOW = np.ones(2 * FLAT_SPREAD + 1)


def measure_even_paper(grey: Grey) -> Paper | None:
    """Find out the one brightness of the paper, and on which side of it the ink is.

    Args:
        grey: uint8 [H, W], of analysis size.

    Returns:
        The paper, or None if no brightness prevails. Tiny pictures always have even paper.
    """
    counts = histogram(grey)
    if max(grey.shape) <= TINY_SIDE:
        return _paper_of(_tiny_level(grey), counts)
    level = _prevailing_level(grey, counts)
    if level is None:  # grain spreads the levels of even paper
        quiet = smooth(grey)
        level = _prevailing_level(quiet, histogram(quiet))
    return None if level is None else _paper_of(level, counts)


def _tiny_level(grey: Grey) -> float:
    """Return the level of the paper of a picture so small that the digit fills it from top to bottom.

    It is the darker or the brighter half of the levels, whichever prevails at the left and the right.
    """
    middle = (float(grey.min()) + float(grey.max())) / 2
    corners = (grey[0, :2], grey[0, -2:], grey[-1, :2], grey[-1, -2:])
    sides = np.concatenate([grey[:, 0], grey[:, -1], *corners])
    is_bright = np.count_nonzero(sides > middle) > sides.size / 2
    return float(np.median(grey[(grey > middle) == is_bright]))


def _prevailing_level(grey: Grey, counts: Counts) -> float | None:
    """Return the mean of the commonest levels, or None if they do not prevail within and around."""
    commonest = int(np.convolve(counts, _LEVEL_WINDOW, "same").argmax())
    low, high = max(commonest - FLAT_SPREAD, 0), min(commonest + FLAT_SPREAD + 1, 256)
    num_flat = counts[low:high].sum()
    border = _border(grey)
    border_share = np.count_nonzero((border >= low) & (border < high)) / border.size
    if num_flat / grey.size < FLAT_SHARE or border_share < FLAT_BORDER_SHARE:
        return None
    return float(counts[low:high] @ LEVELS[low:high] / num_flat)


def _border(grey: Grey) -> Grey:
    """Return the outermost pixels, uint8 [P]; those of the corners twice."""
    depth = max(1, min(grey.shape) // BORDER_DEPTH)
    sides = (grey[:depth], grey[-depth:], grey[:, :depth], grey[:, -depth:])
    return np.concatenate([side.ravel() for side in sides])


def _paper_of(level: float, counts: Counts) -> Paper:
    """Describe paper of one level, given the pixels of each grey level."""
    distance = np.abs(level - LEVELS)
    floor = noise_floor_of(median_distance(distance, counts))
    excess = np.maximum(distance - floor, 0) * counts
    first = math.ceil(level)  # of the levels that are not darker
    is_light = bool(excess[:first].sum() >= excess[first:].sum())
    return Paper(np.full((1, 1), level, np.float32), is_light, round(floor), counts)


def median_distance(distance: npt.NDArray[np.float64], counts: Counts) -> float:
    """Return the median over pixels of the distance of their levels from the paper's, in grey levels.

    Args:
        distance: float64 [256], of each level.
        counts: intp [256], the pixels of each level.
    """
    order = np.argsort(distance, kind="stable")
    middle = int(np.searchsorted(counts[order].cumsum(), counts.sum() / 2))
    return float(distance[order[middle]])
