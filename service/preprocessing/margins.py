"""Margins: borders and bars of one tone around a small picture, as a frame or a letterbox has.

grey -> lines of one tone along each side, up to where the picture changes -> what is inside
"""

from typing import cast

import numpy as np

from service.preprocessing.decoding import Grey
from service.preprocessing.geometry import Box
from service.preprocessing.paper import TINY_SIDE

MAX_SIDE = 64  # pixels; of larger pictures margins are told when the digit is looked for
MAX_DEPTH = 0.24  # of the picture's height or width that one margin takes
ALIKE = 20  # grey levels around its mean within which a margin lies
ALIKE_SHARE = 0.95  # of a line's pixels that do
CHANGE = 30  # grey levels by which the paper inside differs at least
CHANGE_SHARE = 0.5  # of the first line's pixels that do; the digit covers the others
LEAST_INSIDE = 0.35  # of the picture that lies within margins and differs from them
MIN_SIDES = 2  # with a margin; a table's edge, or a digit's own bar, lies along one


def inside_of_margins(grey: Grey) -> Box | None:
    """Find what lies within the margins of a small picture.

    Args:
        grey: uint8 [H, W].

    Returns:
        The inside, or None if there are no margins, or the picture is large or tiny.
    """
    height, width = grey.shape
    if not TINY_SIDE < max(height, width) <= MAX_SIDE:
        return None
    # Of two sides one meets one of these corners. Ink covers less than what lies within margins.
    if max(_changed_share(grey, 0), _changed_share(grey, -1)) < LEAST_INSIDE:
        return None
    top, bottom, left, right = map(_depth, (grey, grey[::-1], grey.T, grey.T[::-1]))
    if sum(depth > 0 for depth in (top, bottom, left, right)) < MIN_SIDES:
        return None
    return Box(left, top, width - right, height - bottom)


def _changed_share(grey: Grey, corner: int) -> float:
    """Return the share of pixels that differ from the first or the last one."""
    level = int(grey[corner, corner])
    num_same = np.count_nonzero((grey >= level - CHANGE) & (grey <= level + CHANGE))
    return 1 - num_same / grey.size


def _depth(grey: Grey) -> int:
    """Return how many of the first rows are a margin; 0 if none."""
    deepest = int(MAX_DEPTH * len(grey))
    distance = np.abs(grey[: deepest + 2] - np.float32(grey[0].mean()))
    is_changed = (distance > CHANGE).mean(axis=1) >= CHANGE_SHARE
    if not is_changed.any():
        return 0
    is_alike = (distance <= ALIKE).mean(axis=1) >= ALIKE_SHARE
    depth = int(np.argmin(is_alike))  # the first row that is not
    if depth == 0 or depth > deepest:
        return 0
    if is_changed[depth]:
        return depth
    # A row between them may be of both.
    return depth + 1 if cast("bool", is_changed[depth + 1 : depth + 2].any()) else 0
