"""Frames: boxes drawn around a digit, and windows, which are filled blocks with the digit left out.

parts -> the heaviest ones of a frame's shape -> the inside of the box, or the box of the window
"""

import numpy as np

from service.preprocessing.geometry import Box, Mask
from service.preprocessing.lines import inside_of_box
from service.preprocessing.parts import Part, Parts

MAX_BOXES = 4  # of the heaviest parts are looked at
BOX_FILL = 0.6  # of its box that a drawn box and the digit that touches it cover at most
BOX_SIDE = 14  # pixels
BOX_CONTENT_HEIGHT = 0.3  # of a box's height that the digit in it has at least
BOX_CONTENT_AREA = 0.02  # of a box's inside that the digit covers at least
MAX_WINDOWS = 2  # of the heaviest parts are looked at
WINDOW_FILL = 0.6  # of its box that a filled block with a digit left out covers at least
WINDOW_SPAN = 0.88  # of its box that lies between its left and its right edge; of a zero less
WINDOW_SIDE = 12  # pixels


def without_box(parts: Parts, mask: Mask) -> Mask | None:
    """Keep what is inside of a box drawn around the digit.

    Args:
        parts: Of the ink.
        mask: bool [H, W], the ink.

    Returns:
        bool [H, W], or None if there is no such box.
    """
    for part in parts.heaviest[:MAX_BOXES]:
        inside = _drawn_inside(part, mask)
        if inside is not None and _holds_digit(mask[inside.slices], part.box):
            kept = np.zeros_like(mask)
            kept[inside.slices] = mask[inside.slices]
            return kept
    return None


def find_window(parts: Parts) -> Box | None:
    """Return the box of a sheet or a window, whose inside is its own paper; None if there is none."""
    windows = (part.box for part in parts.heaviest[:MAX_WINDOWS] if _is_window(part, parts))
    return next(windows, None)


def _drawn_inside(part: Part, mask: Mask) -> Box | None:
    """Return the inside of a part in the shape of a drawn box, in pixels of the mask."""
    box = part.box
    if part.fill > BOX_FILL or min(box.width, box.height) < BOX_SIDE:
        return None
    inside = inside_of_box(mask[box.slices])
    return inside and inside.shifted(box.left, box.top).within((box.bottom, box.right))


def _holds_digit(content: Mask, box: Box) -> bool:
    """Tell whether the content of a box is as large as a digit."""
    rows = np.flatnonzero(content.any(axis=1))
    is_high = len(rows) > 0 and rows[-1] - rows[0] + 1 >= BOX_CONTENT_HEIGHT * box.height
    return bool(is_high and np.count_nonzero(content) >= BOX_CONTENT_AREA * content.size)


def _is_window(part: Part, parts: Parts) -> bool:
    """Tell whether a part is a filled block."""
    box = part.box
    is_block = min(box.width, box.height) >= WINDOW_SIDE and part.fill >= WINDOW_FILL
    return is_block and parts.span(part) >= WINDOW_SPAN * box.area
