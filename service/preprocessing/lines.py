"""Printed lines: rules of the paper and the sides of boxes, which are not the writer's.

mask -> runs along all of the picture -> erased, but where strokes cross them
mask of a part -> sides and corners drawn -> the inside of the box
"""

import numpy as np
import numpy.typing as npt

from service.preprocessing.geometry import Box
from service.preprocessing.parts import Mask, find_runs

RULE_SHARE = 0.94  # of the picture's side; a rule runs along all of it
RULE_THICKNESS = 0.7  # of the strokes' thickness; what is thicker may be a digit's own bar
MAX_THICKNESS = 6  # pixels of the analysed picture
RULE_GAP = 3  # pixels; nearer rows belong to one slanted rule
SIDE_SHARE = 0.85  # of a box's side that is drawn
SIDE_DEPTH = 0.12  # of a box's side in which a slanted or bent line lies


def erase_rules(mask: Mask) -> Mask | None:
    """Erase lines that run across the whole picture: rules and squares.

    Args:
        mask: bool [H, W], the ink.

    Returns:
        bool [H, W], or None if there are no such lines.
    """
    erased = mask
    for along_columns in (False, True):
        current = erased.T if along_columns else erased
        rest = _without_rules(current)
        if rest is not None and rest.any():
            erased = rest.T if along_columns else rest
    return None if erased is mask else erased


def inside_of_box(mask: Mask) -> Box | None:
    """Find the inside of a drawn box.

    Args:
        mask: bool [H, W], cut to what may be a box around a digit.

    Returns:
        The inside, or None if fewer than three sides and three corners are drawn.
    """
    height, width = mask.shape
    depth_y, depth_x = max(2, round(height * SIDE_DEPTH)), max(2, round(width * SIDE_DEPTH))
    if not _has_corners(mask, depth_y, depth_x):
        return None
    sides = (
        mask[:, :depth_x],
        mask[:depth_y].T,
        mask[:, : -depth_x - 1 : -1],
        mask[: -depth_y - 1 : -1].T,
    )
    drawn = [side.any(axis=1).mean() >= SIDE_SHARE for side in sides]
    if sum(drawn) < 3:
        return None
    insets = [
        _line_depth(side) if is_drawn else 0 for side, is_drawn in zip(sides, drawn, strict=True)
    ]
    left, top, right, bottom = insets
    return Box(left, top, max(width - right, left + 1), max(height - bottom, top + 1))


def _line_depth(side: Mask) -> int:
    """Return how deep a line along the side of a box reaches; bool [length, depth]."""
    depths = side.shape[1] - side[:, ::-1].argmax(axis=1)
    return int(np.percentile(depths[side.any(axis=1)], 75)) + 1


def _has_corners(mask: Mask, y: int, x: int) -> bool:
    """Tell whether at least three corners of a mask, cut to its box, are inked; a zero's are not."""
    corners = (mask[:y, :x], mask[:y, -x:], mask[-y:, :x], mask[-y:, -x:])
    return sum(bool(corner.any()) for corner in corners) >= 3


def _without_rules(mask: Mask) -> Mask | None:
    """Erase rules along the rows, up to some degrees of slant, but where strokes cross them."""
    height, width = mask.shape
    if mask.sum(axis=1).max(initial=0) < 0.4 * RULE_SHARE * width:
        return None
    padded = np.zeros((height + 2, width), bool)
    padded[1:-1] = mask
    runs = find_runs(padded[:-2] | padded[1:-1] | padded[2:])
    full = runs.ends - runs.starts >= RULE_SHARE * width
    if not full.any():
        return None
    thickness = _column_thickness(mask)
    candidates = runs.painted(full) & mask & (thickness <= MAX_THICKNESS)
    if not candidates.any():
        return None
    typical = float(np.median(thickness[candidates]))
    rest = mask & ~(candidates & (thickness <= 1.6 * typical + 1))
    if _count_groups(runs.rows[full]) >= 2 or not rest.any():
        return rest
    stroke = float(np.median(_column_thickness(rest.T).T[rest]))
    return rest if typical <= RULE_THICKNESS * stroke else None


def _count_groups(rows: npt.NDArray[np.intp]) -> int:
    """Count rows in rising order, those nearer than `RULE_GAP` as one."""
    return int((np.diff(rows) > RULE_GAP).sum()) + bool(len(rows))


def _column_thickness(mask: Mask) -> npt.NDArray[np.intp]:
    """Return, for every true pixel, the length of the run of its column through it; else 0."""
    runs = find_runs(mask.T)
    lengths = runs.ends - runs.starts
    thickness = np.zeros(mask.T.shape, np.intp)
    thickness[mask.T] = np.repeat(lengths, lengths)
    return thickness.T
