"""Printed lines: rules of the paper and the sides of boxes, which are not the writer's.

mask -> runs along all of the picture -> erased, but where strokes cross them
mask of a part -> sides and corners drawn -> the inside of the box
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from service.preprocessing.geometry import Box, Mask
from service.preprocessing.morphology import dilate_columns
from service.preprocessing.runs import find_runs

RULE_SHARE = 0.94  # of the picture's side; a rule runs along all of it
DENSEST_ROW = 0.4  # of a rule that one row holds at least; a slanted one runs through a few
RULE_THICKNESS = 0.7  # of the strokes' thickness; what is thicker may be a digit's own bar
# Times the lines' thickness, and a pixel; thicker pixels belong to a stroke that crosses.
CROSSING = 1.6
MAX_THICKNESS = 6  # pixels of the analysed picture
RULE_GAP = 3  # pixels; nearer rows belong to one slanted rule
DIVIDED_HEIGHT = 10  # pixels between two rules that part boxes
BEYOND = 3  # pixels beyond a rule, where no line of a box goes on
UNDERLINE_PLACE = 0.7  # of the height of a digit on a line, below which the line is
# Of the digit's height by which the line is longer on either side at least.
UNDERLINE_OVERHANG = 0.15
NUM_SIDES = 3  # of a box that are drawn at least
SIDE_SHARE = 0.85  # of a box's side that is drawn
SIDE_DEPTH = 0.12  # of a box's side in which a slanted or bent line lies


def erase_rules(mask: Mask, *, across_only: bool = False) -> Mask | None:
    """Erase lines that run across the whole picture: rules and squares.

    Args:
        mask: bool [H, W], the ink.
        across_only: Whether lines from top to bottom stay, since a digit reaches as far.

    Returns:
        bool [H, W], or None if there are no such lines.
    """
    erased = mask
    for along_columns in (False,) if across_only else (False, True):
        current = erased.T if along_columns else erased
        rest = _without_rules(current)
        if rest is not None and rest.any():
            erased = rest.T if along_columns else rest
    if erased is mask:
        return None
    return _without_dividers(mask.T, _without_dividers(mask, erased).T).T


def _without_dividers(mask: Mask, unruled: Mask) -> Mask:
    """Erase the lines between two rules that part a row of boxes, which end at the rules.

    Args:
        mask: bool [H, W], the ink.
        unruled: bool [H, W], the same without rules.

    Returns:
        bool [H, W]; `unruled` itself if there are no such lines.
    """
    is_rule = np.add.reduce(mask & ~unruled, axis=1) >= DENSEST_ROW * mask.shape[1]
    rows = np.flatnonzero(is_rule)
    if _count_groups(rows) != 2:
        return unruled
    gap = int(np.diff(rows).argmax())
    top, bottom = int(rows[gap]) + 1, int(rows[gap + 1])
    band = unruled[top:bottom]
    if len(band) < DIVIDED_HEIGHT:
        return unruled
    undivided = _without_rules(band.T)
    if undivided is None or not undivided.any():
        return unruled
    columns = np.logical_or.reduce(band & ~undivided.T, axis=0)
    first, last = int(rows[0]), int(rows[-1]) + 1
    beside = (
        unruled[max(first - BEYOND, 0) : first, columns],
        unruled[last : last + BEYOND, columns],
    )
    if any(part.any() for part in beside):
        return unruled
    rest = unruled.copy()
    rest[top:bottom] = undivided.T
    return rest


def erase_underline(mask: Mask) -> Mask | None:
    """Erase a line that a digit stands on, and that is longer than the digit on both sides.

    Args:
        mask: bool [H, W], cut to a part.

    Returns:
        bool [H, W], or None if it does not stand on such a line.
    """
    height, width = mask.shape
    foot = int(UNDERLINE_PLACE * height)
    if width <= height:  # a two's base is shorter
        return None
    if np.add.reduce(mask[foot:], axis=1).max(initial=0) < DENSEST_ROW * width:
        return None
    erased = _without_runs(mask)
    if erased is None or not erased.rest[:foot].any():
        return None
    rest = erased.rest
    digit = Box.around(rest)
    overhang = UNDERLINE_OVERHANG * digit.height
    is_longer = min(digit.left, width - digit.right) >= overhang
    return rest if is_longer and np.array_equal(rest[:foot], mask[:foot]) else None


def inside_of_box(mask: Mask) -> Box | None:
    """Find the inside of a drawn box.

    Args:
        mask: bool [H, W], cut to what may be a box around a digit.

    Returns:
        The inside, or None if fewer than three sides and three corners are drawn.
    """
    height, width = mask.shape
    depth_y, depth_x = _side_depth(height), _side_depth(width)
    if not _has_corners(mask, depth_y, depth_x):
        return None
    sides = (
        mask[:, :depth_x],
        mask[:depth_y].T,
        mask[:, : -depth_x - 1 : -1],
        mask[: -depth_y - 1 : -1].T,
    )
    drawn = [np.logical_or.reduce(side, axis=1) for side in sides]
    is_line = [np.count_nonzero(places) >= SIDE_SHARE * len(places) for places in drawn]
    if sum(is_line) < NUM_SIDES:
        return None
    left, top, right, bottom = (
        _line_depth(side[places]) if is_drawn else 0
        for side, places, is_drawn in zip(sides, drawn, is_line, strict=True)
    )
    return Box(left, top, max(width - right, left + 1), max(height - bottom, top + 1))


def _side_depth(side: int) -> int:
    """Return the depth in pixels in which the line along a side of a box lies."""
    return max(2, round(side * SIDE_DEPTH))


def _line_depth(drawn: Mask) -> int:
    """Return how deep the line along the side of a box reaches; bool [places with ink, depth]."""
    depths = drawn.shape[1] - drawn[:, ::-1].argmax(axis=1)
    return int(np.percentile(depths, 75)) + 1


def _has_corners(mask: Mask, y: int, x: int) -> bool:
    """Tell whether at least three corners of a mask, cut to its box, are inked; a zero's are not."""
    corners = (mask[:y, :x], mask[:y, -x:], mask[-y:, :x], mask[-y:, -x:])
    # Bytes are searched in a fifth of the time that `any` takes.
    return sum(1 in corner.tobytes() for corner in corners) >= 3


def _without_rules(mask: Mask) -> Mask | None:
    """Erase rules along the rows, up to some degrees of slant, but where strokes cross them."""
    shortest = RULE_SHARE * mask.shape[1]
    if np.count_nonzero(np.logical_or.reduce(mask, axis=0)) < shortest:
        return None
    if np.add.reduce(mask, axis=1).max(initial=0) < DENSEST_ROW * shortest:
        return None
    erased = _without_runs(mask)
    if erased is None:
        return None
    return erased.rest if erased.num_lines > 1 or _is_finer(erased.thickness, erased.rest) else None


class _Erased(NamedTuple):
    """A mask without lines: bool [H, W], how many there were, and the typical thickness of them in pixels."""

    rest: Mask
    num_lines: int
    thickness: float


def _without_runs(mask: Mask) -> _Erased | None:
    """Erase what runs along the rows from side to side, but where strokes cross it; None if nothing does."""
    runs = find_runs(dilate_columns(mask, 1))
    full = runs.lengths >= RULE_SHARE * mask.shape[1]
    if not full.any():
        return None
    thickness = _column_thickness(mask)
    lines = runs.painted(full) & mask & (thickness <= MAX_THICKNESS)
    if not lines.any():
        return None
    typical = float(np.median(thickness[lines]))
    rest = mask & ~(lines & (thickness <= CROSSING * typical + 1))
    return _Erased(rest, _count_groups(runs.rows[full]), typical)


def _is_finer(thickness: float, rest: Mask) -> bool:
    """Tell whether a line is finer than the strokes that are left, or nothing is."""
    if not rest.any():
        return True
    stroke = float(np.median(_column_thickness(rest.T).T[rest]))
    return thickness <= RULE_THICKNESS * stroke


def _count_groups(rows: npt.NDArray[np.intp]) -> int:
    """Count rows in rising order, those nearer than `RULE_GAP` as one."""
    return int((np.diff(rows) > RULE_GAP).sum()) + bool(len(rows))


def _column_thickness(mask: Mask) -> npt.NDArray[np.intp]:
    """Return, for every true pixel, the length of the run of its column through it; else 0."""
    runs = find_runs(mask.T)
    thickness = np.zeros(mask.T.shape, np.intp)
    thickness[mask.T] = np.repeat(runs.lengths, runs.lengths)
    return thickness.T
