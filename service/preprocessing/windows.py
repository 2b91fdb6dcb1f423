"""Windows: filled blocks with the digit left out, as a sheet on a table, a meter's window or a round badge.

parts -> a heavy one, filled, whose outline is a rectangle, upright or tilted, or an ellipse -> its inside
"""

from dataclasses import dataclass

import numpy as np

from service.preprocessing.geometry import Box, Mask
from service.preprocessing.morphology import dilate
from service.preprocessing.parts import Part, Parts, is_ellipse
from service.preprocessing.runs import Indices

MAX_WINDOWS = 2  # of the heaviest parts are looked at
# Of its box that a window covers at least, tilted by 20 degrees; strokes cover less.
LEAST_FILL = 0.49
WINDOW_FILL = 0.6  # of its box that an upright block with a digit left out covers at least
WINDOW_SPAN = 0.88  # of its box that lies between its left and its right edge; of a zero less
WINDOW_SIDE = 12  # pixels
WINDOW_INSET = 0.04  # of a window's shorter side that its rim takes
SHAPE_FILL = 0.8  # of what lies between its edges that a tilted or a round one covers at least
SHAPE_SIDE = 24  # pixels; of smaller ones the outline does not tell the shape
RECTANGLE_SPAN = 0.87  # of the smallest rectangle around it that a tilted one fills
_TILTS = np.radians(np.arange(-45, 45, 3))


@dataclass(frozen=True)
class Window:
    """A block whose inside is its own paper.

    Attributes:
        box: Around the inside, in pixels of the reduced picture.
        outside: bool [h, w], which pixels of the box lie beside the inside; None if none do.
    """

    box: Box
    outside: Mask | None = None


def find_window(main: Part, parts: Parts, shape: tuple[int, ...]) -> Window | None:
    """Find a window.

    Args:
        main: The part that is the digit, if no other is a window around it.
        parts: All of the ink's.
        shape: Of the picture [H, W].

    Returns:
        The window, or None if there is none, or the main part lies beside it: it is a button, say.
    """
    for part in parts.heaviest[:MAX_WINDOWS]:
        if part.box.united(main.box) == part.box and (window := _window_of(part, parts, shape)):
            return window
    return None


def _window_of(part: Part, parts: Parts, shape: tuple[int, ...]) -> Window | None:
    """Return the inside of a part that is a filled block, else None."""
    box = part.box
    shorter = min(box.width, box.height)
    if shorter < WINDOW_SIDE or part.fill < LEAST_FILL:
        return None
    left, right = parts.edges(part)
    span = int((right - left).sum())
    inset = max(1, round(WINDOW_INSET * shorter))
    if part.fill >= WINDOW_FILL and span >= WINDOW_SPAN * box.area:
        return Window(box.grown(-inset, shape))
    if shorter < SHAPE_SIDE or part.area < SHAPE_FILL * span:
        return None
    if not (_is_rectangle(left, right, span) or is_ellipse(left, right)):
        return None
    return Window(box, _outside(left - box.left, right - box.left, box.width, inset))


def _is_rectangle(left: Indices, right: Indices, span: int) -> bool:
    """Tell whether the smallest rectangle around a shape, of any tilt, is filled by it."""
    rows = np.arange(len(left))
    x = np.concatenate([left, right, left, right])
    y = np.concatenate([rows, rows, rows + 1, rows + 1])
    across = np.outer(np.cos(_TILTS), x) + np.outer(np.sin(_TILTS), y)
    along = np.outer(np.cos(_TILTS), y) - np.outer(np.sin(_TILTS), x)
    smallest = float((np.ptp(across, axis=1) * np.ptp(along, axis=1)).min())
    return span >= RECTANGLE_SPAN * smallest


def _outside(left: Indices, right: Indices, width: int, inset: int) -> Mask:
    """Return which pixels lie beside edges or on their rim, bool [h, width]."""
    columns = np.arange(width)
    outside = (columns < left[:, np.newaxis]) | (columns >= right[:, np.newaxis])
    framed = np.pad(outside, inset, constant_values=True)
    return dilate(framed, inset)[inset:-inset, inset:-inset]
