"""Whole pictures: of the canonical size, on which there is more than a digit of that size.

grey [28, 28], what was found -> more than a digit? -> the picture as it is, its ink bright

A line, a stripe or noise runs through such a digit. Cutting it out takes strokes away, and scaling it down to
the canonical box makes them finer than any that the networks know; as it is, they read most of them.
"""

import numpy as np

from service.preprocessing.canonical import FAINT, SIDE
from service.preprocessing.decoding import Grey
from service.preprocessing.finding import Found
from service.preprocessing.geometry import Box
from service.preprocessing.paper import rim

# Fitted on training digits that no network was trained on: spoilt (training.corruptions), drawn small, or
# rendered as any upload and shrunk.
OFF_CENTRE = (
    4.0  # pixels between the middles of box and picture; parts of larger things are farther out
)
LARGE_SIDE = 22  # pixels; a longer digit is a drawing, and then in one part
NOISE_PARTS = 16  # connected parts of the ink; a digit among specks has fewer
FULL_INK = 128  # of 255; the brightest pixel of a digit is brighter
DARK_RIM = 0.85  # of the outermost pixels that are bright at least where the ink is dark
LIGHT_RIM = 0.15  # that are bright at most where the ink is light


def keep_whole(grey: Grey, found: Found) -> tuple[Grey, tuple[str, ...]] | None:
    """Tell whether a picture is to be read as it is, and return it so.

    Args:
        grey: uint8 [H, W].
        found: What was found on it.

    Returns:
        uint8 [28, 28], 0 = paper, 255 = ink, and the names of the steps that made it; or None where the
        digit is to be cut out.
    """
    if grey.shape != (SIDE, SIDE) or _off_centre(found.box) > OFF_CENTRE:
        return None
    bright_rim = _bright_rim(grey)
    if not _is_more_than_digit(found, bright_rim):
        return None
    is_dark = bright_rim > DARK_RIM
    ink = ~grey if is_dark else grey
    if ink.max() < FULL_INK or ink.min() > FAINT:
        return None
    return ink, ("inverted",) if is_dark else ()


def _is_more_than_digit(found: Found, bright_rim: float) -> bool:
    """Tell whether what was found is not a digit alone: noise, or large and in parts, or on two papers."""
    is_mixed = found.num_parts > 1 or LIGHT_RIM < bright_rim <= DARK_RIM
    is_large = found.box.longer_side > LARGE_SIDE
    return found.num_parts >= NOISE_PARTS or (is_large and is_mixed)


def _off_centre(box: Box) -> float:
    """Return how far the middle of a box lies from that of the picture, along the farther axis, in pixels."""
    return max(abs(box.left + box.right - SIDE), abs(box.top + box.bottom - SIDE)) / 2


def _bright_rim(grey: Grey) -> float:
    """Return the share of the outermost pixels that are brighter than the middle of the levels."""
    pixels = rim(grey)
    middle = (int(grey.min()) + int(grey.max())) / 2
    return np.count_nonzero(pixels > middle) / pixels.size
