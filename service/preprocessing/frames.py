"""Frames: boxes and circles drawn around a digit.

parts -> the heaviest ones of a frame's shape -> the inside
"""

import numpy as np

from service.preprocessing.geometry import Box, Mask
from service.preprocessing.lines import inside_of_box
from service.preprocessing.parts import Part, Parts, is_ellipse

MAX_BOXES = 4  # of the heaviest parts are looked at
BOX_FILL = 0.6  # of its box that a drawn box and the digit that touches it cover at most
BOX_SIDE = 14  # pixels
BOX_CONTENT_HEIGHT = 0.3  # of a box's height that the digit in it has at least
RING_FILL = 0.5  # of its box that a circle around a digit covers at most
RING_CONTENT_HEIGHT = 0.35  # of a circle's height that the digit in it has at least
BOX_CONTENT_AREA = 0.02  # of a box's inside that the digit covers at least


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


def without_ring(parts: Parts) -> Mask | None:
    """Keep what lies in the box of a circle drawn around the digit, which does not touch it.

    Args:
        parts: Of the ink.

    Returns:
        bool [H, W], or None if there is no such circle.
    """
    for part in parts.heaviest[:MAX_BOXES]:
        if part.fill > RING_FILL or min(part.box.width, part.box.height) < BOX_SIDE:
            continue
        inside = [
            other
            for other in parts.heaviest
            if other is not part and other.box.united(part.box) == part.box
        ]
        if _are_high(inside, part) and is_ellipse(*parts.edges(part)):
            return parts.painted(inside)
    return None


def _are_high(inside: list[Part], ring: Part) -> bool:
    """Tell whether the highest part within a ring is as high as a digit; the dot of a zero is not."""
    highest = max((part.box.height for part in inside), default=0)
    return highest >= RING_CONTENT_HEIGHT * ring.box.height


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
