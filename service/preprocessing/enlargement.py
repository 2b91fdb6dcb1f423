"""Enlargements: tiny pictures that were shown large, as web pages and viewers do.

grey -> blocks of equal pixels -> one pixel of each;  grey, smooth -> whether a tiny picture holds all of it
"""

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from service.preprocessing.decoding import Grey
from service.preprocessing.paper import LEVELS, TINY_SIDE, histogram

TINIEST_SIDE = 5  # pixels of the shorter side; digits have at least so many
BLOCK_PICTURE_SIDE = 28  # blocks of the longer side; larger pictures show enough as they are
LEVEL_RANKS = np.array([0.01, 0.99])  # of the pixels, between which their contrast is taken
PAPER_SPREAD = 4  # grey levels around the commonest one that still are the same paper
PAPER_SHARE = 0.25  # of the pixels that are paper at least
PAPER_CONTRAST = 100  # grey levels from the darkest to the brightest
PAPER_EXCEEDED = (
    0.06  # of the contrast by which levels may lie beyond the paper's, on the side without ink
)
SIDE_SPREAD = 0.3  # of the contrast by which paper at the left and the right may differ
SIDE_SHARE = 0.7  # of the left and the right side that is paper at least
SMOOTH_SIDE = 10  # pixels of the tiny picture that a smooth one is compared with
SMOOTH_RESIDUAL = 0.16  # of the contrast; sharp strokes leave more
SMOOTH_PIXELS = 95  # per cent of the pixels that differ by less


def block_side(grey: Grey) -> int:
    """Return the side of the blocks of equal pixels that a picture is made of, in pixels; else 1.

    Args:
        grey: uint8 [H, W].
    """
    height, width = grey.shape
    side = math.gcd(height, width)
    row = grey[height // 2].tobytes()
    if not any(row[::prime] == row[1::prime] for prime in _prime_factors(side)):
        return 1  # as of most pictures
    for line in (grey[height // 2], grey[:, width // 2]):
        side = math.gcd(side, *_places(line[1:] != line[:-1]))
        if side == 1:
            return 1
    side = math.gcd(side, *_changes(grey), *_changes(grey.T))
    is_tiny = max(height, width) <= BLOCK_PICTURE_SIDE * side
    return side if is_tiny and min(height, width) >= TINIEST_SIDE * side else 1


@lru_cache(maxsize=64)
def _prime_factors(number: int) -> tuple[int, ...]:
    """Return the primes that divide a number of pixels."""
    factors = [it for it in range(2, number + 1) if number % it == 0]
    return tuple(it for it in factors if all(it % other for other in factors if other < it))


def _changes(rows: Grey) -> list[int]:
    """Return the columns that differ from the column before."""
    return _places((rows[:, 1:] != rows[:, :-1]).any(axis=0))


def _places(is_changed: npt.NDArray[np.bool_]) -> list[int]:
    """Return where a line of pixels changes, given whether each but the first does."""
    return (np.flatnonzero(is_changed) + 1).tolist()


def is_enlarged(grey: Grey) -> bool:
    """Tell whether a picture is a tiny one that was enlarged smoothly: flat paper, and nothing sharp.

    Photographs that are as smooth have no such paper: their light falls off, or comes from one side.

    Args:
        grey: uint8 [H, W], of analysis size.
    """
    if max(grey.shape) <= TINY_SIDE:
        return False
    counts = histogram(grey)
    darkest, brightest = np.searchsorted(counts.cumsum(), LEVEL_RANKS * grey.size)
    contrast = float(brightest - darkest)
    commonest = int(np.convolve(counts, np.ones(2 * PAPER_SPREAD + 1), "same").argmax())
    is_paper = np.abs(LEVELS - commonest) <= PAPER_SPREAD
    return bool(
        contrast >= PAPER_CONTRAST
        and min(commonest - darkest, brightest - commonest) <= PAPER_EXCEEDED * contrast
        and counts[is_paper].sum() >= PAPER_SHARE * grey.size
        and _is_beside(grey, commonest, contrast)
        and _is_smooth(grey, SMOOTH_RESIDUAL * contrast)
    )


def _is_beside(grey: Grey, level: int, contrast: float) -> bool:
    """Tell whether paper of a level lies at the left and the right, as beside a digit."""
    sides = np.concatenate([grey[:, 0], grey[:, -1]]).astype(np.int16)
    is_near = np.abs(sides - level) < SIDE_SPREAD * contrast
    return bool(is_near.mean() >= SIDE_SHARE)


def _is_smooth(grey: Grey, residual: float) -> bool:
    """Tell whether pixels differ by at most a residual from those of `SMOOTH_SIDE` pixels enlarged."""
    image = Image.fromarray(grey)
    scale = SMOOTH_SIDE / max(grey.shape)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    tiny = image.resize(size, Image.Resampling.BOX)
    again = np.asarray(tiny.resize(image.size, Image.Resampling.BICUBIC))
    differences = np.abs(again.astype(np.int16) - grey)
    return bool(np.percentile(differences, SMOOTH_PIXELS) <= residual)
