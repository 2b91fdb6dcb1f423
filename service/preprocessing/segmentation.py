"""Segmentation: which of the ink is the digit.

ink -> rules erased -> connected parts -> the main part, its companions -> mask and box
"""

from dataclasses import dataclass

import numpy as np

from service.preprocessing.decoding import Grey
from service.preprocessing.geometry import Box
from service.preprocessing.lines import erase_rules, inside_of_box
from service.preprocessing.parts import (
    Indices,
    Mask,
    Part,
    Runs,
    find_runs,
    join_runs,
    measure_parts,
)

INK_THRESHOLD = 64  # of 255
MAX_PARTS = 32  # bounds the work on a picture of many dots
DUST_SHARE = 0.01  # of the heaviest part's ink; smaller parts are not even looked at
SPECK_SHARE = 0.03  # of the main part's ink; smaller parts are dust
FAINT_SHARE = 0.45  # of the main part's ink in a pixel; paler parts were not drawn with its pen
COMPANION_GAP = 0.17  # of the main part's longer side; a stroke of the same digit is nearer
SMALL_SIDE = 40  # pixels; smaller pictures are cut close to the digit, and have no lines
BORDER_CONTACT = 0.08  # of a side of the picture; digits that are cut off touch less of it
PEER_HEIGHT = 0.6  # of the taller one's height
PEER_GAP = 0.8  # of the taller one's height
PEER_MASS = 0.35  # of the main part's ink
DOUBTFUL_PARTS = 24  # of the ink; grain and texture fall into many
BAR_WIDTH = 0.25  # of its height that an upright line is wide at most
MAX_BOXES = 4  # of the heaviest parts are looked at
BOX_FILL = 0.6  # of its box that a drawn box and the digit that touches it cover at most
BOX_SIDE = 14  # pixels
BOX_CONTENT_HEIGHT = 0.3  # of a box's height that the digit in it has at least
BOX_CONTENT_AREA = 0.02  # of a box's inside that the digit covers at least
DOUBTFUL_CONTACT = 0.2  # of a side of the picture that the main part touches
LABEL_FILL = 0.8  # of its box that a label covers
LABEL_ASPECT = 1.3  # times its height that a label is wide
WINDOW_FILL = 0.6  # of its box that a filled block with a digit left out covers at least
WINDOW_SPAN = 0.88  # of its box that lies between its left and its right edge; of a zero less
WINDOW_SIDE = 12  # pixels
MAX_WINDOWS = 2  # of the heaviest parts are looked at


@dataclass(frozen=True)
class Segment:
    """The digit's ink.

    Attributes:
        mask: bool [H, W], the pixels of the digit.
        is_partial: Whether other ink was left out.
        is_doubtful: Whether it runs along the border, as shadows and table edges do, or is one of
            very many parts, as grain is.
        box: Box around it.
        window: Box of a filled block in which to look for a digit of the other polarity, or None.
        has_rules: Whether lines across all of the picture were erased.
        erased: Names of the steps that left ink out.
    """

    mask: Mask
    is_partial: bool
    is_doubtful: bool
    box: Box
    window: Box | None
    has_rules: bool
    erased: tuple[str, ...]


def segment(ink: Grey) -> Segment | None:
    """Choose the parts of the ink that make the digit.

    Args:
        ink: uint8 [H, W], 0 = paper, of analysis size.

    Returns:
        The digit, or None if nothing is left.
    """
    mask = ink > INK_THRESHOLD
    steps = []
    if min(ink.shape) > SMALL_SIDE and (erased := erase_rules(mask)) is not None:
        mask, steps = erased, ["rules-removed"]
    has_rules = bool(steps)
    parts, runs, numbers = _parts(mask, ink)
    if not parts:
        return None
    if min(ink.shape) > SMALL_SIDE and (unboxed := _without_box(parts, mask)) is not None:
        mask, steps = unboxed, [*steps, "box-removed"]
        parts, runs, numbers = _parts(mask, ink)
    main = max(parts, key=lambda part: part.mass * _plausibility(part, ink.shape))
    window = _find_window(parts, runs, numbers) if min(ink.shape) > SMALL_SIDE else None
    kept = _with_companions(main, parts, ink.shape, runs, numbers)
    count = int(numbers.max()) + 1
    if len(kept) < count:
        steps.append("parts-removed")
    chosen = np.zeros(count, bool)
    chosen[[part.number for part in kept]] = True
    box = kept[0].box
    for part in kept[1:]:
        box = box.united(part.box)
    is_doubtful = not window and max(ink.shape) > SMALL_SIDE and main.contact >= DOUBTFUL_CONTACT
    chosen_mask = runs.painted(chosen[numbers])
    return Segment(chosen_mask, bool(steps), is_doubtful, box, window, has_rules, tuple(steps))


def _parts(mask, ink):
    """Find the parts that are worth a look, heaviest first."""
    runs = find_runs(mask)
    if not len(runs.rows):
        return [], runs, np.zeros(0, np.intp)
    numbers = join_runs(runs)
    parts = sorted(measure_parts(runs, numbers, ink), key=lambda part: -part.mass)[:MAX_PARTS]
    return [p for p in parts if p.mass >= DUST_SHARE * parts[0].mass], runs, numbers


def _plausibility(part: Part, shape: tuple[int, ...]) -> float:
    """Weigh down what is hardly a digit: along the border, off the middle, pale, or a label."""
    height, width = shape
    box = part.box
    off_x = abs(box.left + box.right - width) / width
    off_y = abs(box.top + box.bottom - height) / height
    weight = (1 - 0.5 * max(off_x, off_y) ** 2) * (part.mass / part.area) ** 1.5
    if max(shape) > SMALL_SIDE:
        weight /= 1 + (part.contact / BORDER_CONTACT) ** 4
        if part.contact and max(box.width / width, box.height / height) < 0.8:
            weight *= 0.5
    if part.fill >= LABEL_FILL and box.width > LABEL_ASPECT * box.height:
        weight *= 0.1
    return weight


def _find_window(parts: list[Part], runs: Runs, numbers: Indices) -> Box | None:
    """Return the box of a filled block among the heaviest parts: a sheet or a window with a digit left out."""
    for part in parts[:MAX_WINDOWS]:
        box = part.box
        if min(box.width, box.height) < WINDOW_SIDE or part.fill < WINDOW_FILL:
            continue
        of_part = numbers == part.number
        rows = runs.rows[of_part] - box.top
        left, right = np.full(box.height, box.right), np.full(box.height, box.left)
        np.minimum.at(left, rows, runs.starts[of_part])
        np.maximum.at(right, rows, runs.ends[of_part])
        if (right - left).sum() >= WINDOW_SPAN * box.area:
            return box
    return None


def _without_box(parts: list[Part], mask: Mask) -> Mask | None:
    """Keep what is inside of a box drawn around the digit; None if there is no such box."""
    for part in parts[:MAX_BOXES]:
        box = part.box
        if part.fill > BOX_FILL or min(box.width, box.height) < BOX_SIDE:
            continue
        inside = inside_of_box(mask[box.slices])
        if inside is None:
            continue
        content = mask[box.slices][inside.slices]
        rows = np.flatnonzero(content.any(axis=1))
        if not len(rows) or rows[-1] - rows[0] + 1 < BOX_CONTENT_HEIGHT * box.height:
            continue
        if np.count_nonzero(content) < BOX_CONTENT_AREA * content.size:
            continue
        kept = np.zeros_like(mask)
        kept[box.slices][inside.slices] = content
        return kept
    return None


def _with_companions(main, parts, shape, runs, numbers) -> list[Part]:
    """Add parts that were drawn near the main one with the same pen."""
    kept = [main]
    candidates = [
        part
        for part in parts
        if part is not main
        and part.mass >= SPECK_SHARE * main.mass
        and part.mass / part.area >= FAINT_SHARE * main.mass / main.area
    ]
    if not candidates:
        return kept
    reach = max(1, round(COMPANION_GAP * main.box.longer_side))
    fitting = [
        part
        for part in candidates
        if not _is_at_border(part, main, shape)
        and not _is_label(part, main)
        and not _is_bar(part, main)
    ]
    kept += [part for part in fitting if _is_peer(part, main)]
    while True:
        near = _grown(runs.painted(np.isin(numbers, [part.number for part in kept])), reach)
        added = [
            part
            for part in fitting
            if part not in kept and (near & runs.painted(numbers == part.number)).any()
        ]
        if not added:
            return kept
        kept += added


def _is_peer(part: Part, main: Part) -> bool:
    """Tell whether a part is as large as the main one and beside it: the next digit of a number.

    It stays, so that the network sees that there are two.
    """
    box, other = part.box, main.box
    overlap = min(box.bottom, other.bottom) - max(box.top, other.top)
    return (
        min(box.height, other.height) > PEER_HEIGHT * max(box.height, other.height)
        and overlap > PEER_HEIGHT * min(box.height, other.height)
        and box.gap_to(other) < PEER_GAP * max(box.height, other.height)
        and part.mass > PEER_MASS * main.mass
    )


def _is_at_border(part: Part, main: Part, shape: tuple[int, ...]) -> bool:
    """Tell whether a part runs out of a picture of which the main part does not."""
    return part.box.touches(shape) and not main.box.touches(shape) and max(shape) > SMALL_SIDE


def _is_bar(part: Part, main: Part) -> bool:
    """Tell whether a part is an upright line beside the digit and taller: the side of a box."""
    box = part.box
    beside = box.right <= main.box.left or box.left >= main.box.right
    return beside and box.width < BAR_WIDTH * box.height and box.height > main.box.height


def _is_label(part: Part, main: Part) -> bool:
    """Tell whether a part is a filled block beside the digit and thicker than its strokes: a logo."""
    box = part.box
    beside = (
        main.box.gap_to(box) > 0
        or min(box.bottom, main.box.bottom) - max(box.top, main.box.top) < 0.5 * box.height
    )
    is_block = part.fill >= LABEL_FILL and min(box.width, box.height) >= 3
    thickness = 2.0 * main.area / max(main.box.width + main.box.height, 1)
    return is_block and beside and min(box.width, box.height) > 0.8 * thickness


def _grown(mask: Mask, reach: int) -> Mask:
    """Grow a mask by `reach` pixels on each side (a square window)."""
    for axis in (0, 1):
        sums = np.cumsum(mask, axis=axis, dtype=np.int32)
        length = mask.shape[axis]
        after = np.minimum(np.arange(length) + reach, length - 1)
        before = np.arange(length) - reach - 1
        upper = np.take(sums, after, axis=axis)
        lower = np.take(sums, np.maximum(before, 0), axis=axis)
        lower = lower * (before >= 0).reshape((-1, 1) if axis == 0 else (1, -1))
        mask = upper > lower
    return mask


def grown_by_one(mask: Mask) -> Mask:
    """Grow a mask by the rim of a stroke, one pixel on each side."""
    padded = np.pad(mask, 1)
    rows = padded[:-2] | padded[1:-1] | padded[2:]
    return rows[:, :-2] | rows[:, 1:-1] | rows[:, 2:]
