"""Segmentation: which of the ink is the digit.

ink -> rules erased -> connected parts -> out of their box -> the main part, its companions -> mask and box
"""

import math
from dataclasses import dataclass
from functools import reduce

import numpy as np

from service.preprocessing.companions import (
    LABEL_FILL,
    SMALL_SIDE,
    find_candidates,
    is_of_digit_size,
    with_companions,
)
from service.preprocessing.decoding import Grey
from service.preprocessing.frames import without_box, without_ring
from service.preprocessing.geometry import Box, Mask
from service.preprocessing.lines import erase_rules, erase_underline
from service.preprocessing.parts import Part, Parts, find_parts
from service.preprocessing.windows import Window, find_window

INK_THRESHOLD = 64  # of 255
BORDER_CONTACT = 0.08  # of a side of the picture; digits that are cut off touch less of it
BORDER_SPAN = 0.8  # of a side of the picture; what touches the border and is smaller, is cut off
EDGE_SPAN = 0.94  # of a side of the picture that a scan's edge takes
EDGE_REACH = 0.15  # of the other side from the border within which it lies
DOUBTFUL_CONTACT = 0.2  # of a side of the picture that the main part touches
NARROW_SIDE = 24  # pixels; what runs across a narrower picture may be the digit's
LETTERS = 3  # marks of the same size that are lettering at least
WORD_ASPECT = 2.0  # times its height that a word is wide, and no digit
LABEL_ASPECT = 1.3  # times its height that a label is wide


@dataclass(frozen=True)
class Segment:
    """The digit's ink.

    Attributes:
        mask: bool [H, W], the pixels of the digit.
        box: Box around it.
        window: A filled block in which to look for a digit of the other polarity, or None.
        is_doubtful: Whether it runs along the border, as shadows and table edges do.
        is_lettering: Whether it is a label, or one of several marks of the same size: a word, holes in a row.
        has_others: Whether parts of digit size, drawn with the same pen, were left out.
        num_parts: Connected parts of all the ink.
        steps: Names of the steps that left ink out.
    """

    mask: Mask
    box: Box
    window: Window | None
    is_doubtful: bool
    is_lettering: bool
    has_others: bool
    num_parts: int
    steps: tuple[str, ...]

    @property
    def is_partial(self) -> bool:
        """Whether other ink was left out."""
        return bool(self.steps)

    @property
    def has_rules(self) -> bool:
        """Whether lines across all of the picture were erased."""
        return "rules-removed" in self.steps


def segment(ink: Grey) -> Segment | None:
    """Choose the parts of the ink that make the digit.

    Args:
        ink: uint8 [H, W], 0 = paper, of analysis size.

    Returns:
        The digit, or None if nothing is left.
    """
    parts, steps = _without_lines(ink)
    if not parts.heaviest:
        return None
    shape = ink.shape
    main = max(parts.heaviest, key=lambda part: part.mass * _plausibility(part, parts))
    candidates = find_candidates(main, parts, shape)
    kept = with_companions(main, candidates, parts)
    window = find_window(main, parts, shape) if min(shape) > SMALL_SIDE else None
    num_alike = 1 + sum(is_of_digit_size(part, main) for part in candidates)
    box = reduce(Box.united, (part.box for part in kept))
    return Segment(
        parts.painted(kept),
        box,
        window,
        is_doubtful=not window
        and max(shape) > SMALL_SIDE
        and (main.contact >= DOUBTFUL_CONTACT or _is_edge(main, parts)),
        is_lettering=_is_wide_block(main)
        or num_alike >= LETTERS
        or box.width > WORD_ASPECT * box.height,
        has_others=any(is_of_digit_size(part, main) for part in candidates if part not in kept),
        num_parts=parts.count,
        steps=(*steps, "parts-removed") if len(kept) < parts.count else steps,
    )


def _without_lines(ink: Grey) -> tuple[Parts, tuple[str, ...]]:
    """Find the parts of the ink without rules and boxes; and the names of the steps that erased them."""
    mask, steps = ink > INK_THRESHOLD, list[str]()
    if ink.shape[1] <= NARROW_SIDE or max(ink.shape) <= SMALL_SIDE:
        return find_parts(mask, ink), ()
    is_strip = ink.shape[0] <= SMALL_SIDE
    unruled = erase_rules(mask, across_only=is_strip)
    if unruled is not None:
        mask, steps = unruled, ["rules-removed"]
    parts = find_parts(mask, ink)
    if is_strip:
        return parts, tuple(steps)
    unboxed = without_box(parts, mask)
    if unboxed is not None:
        parts, steps = find_parts(unboxed, ink), [*steps, "box-removed"]
    grounded = _without_underline(parts, ink)
    if grounded is not None:
        parts, steps = grounded, [*steps, "underline-removed"]
    unringed = without_ring(parts)
    if unringed is not None:
        parts, steps = find_parts(unringed, ink), [*steps, "circle-removed"]
    return parts, tuple(steps)


def _without_underline(parts: Parts, ink: Grey) -> Parts | None:
    """Erase the line that the heaviest part stands on; None if there is none."""
    if not parts.heaviest:
        return None
    box = parts.heaviest[0].box
    rest = erase_underline(parts.mask[box.slices])
    if rest is None:
        return None
    mask = parts.mask.copy()
    mask[box.slices] = rest
    return find_parts(mask, ink)


def _plausibility(part: Part, parts: Parts) -> float:
    """Weigh down what is hardly a digit: along the border, off the middle, pale, or a label."""
    height, width = shape = parts.runs.shape
    box = part.box
    off_x = abs(box.left + box.right - width) / width
    off_y = abs(box.top + box.bottom - height) / height
    weight = (1 - 0.5 * max(off_x, off_y) ** 2) * math.pow(part.strength, 1.5)
    if max(shape) > SMALL_SIDE:
        weight /= 1 + (part.contact / BORDER_CONTACT) ** 4
        if part.contact and max(box.width / width, box.height / height) < BORDER_SPAN:
            weight *= 0.5
        if _is_edge(part, parts):
            weight *= 0.05
    return 0.1 * weight if _is_wide_block(part) else weight


def _is_edge(part: Part, parts: Parts) -> bool:
    """Tell whether a part lies along one side of the picture or along two, and nowhere else: the edges of a scan."""
    height, width = parts.runs.shape
    box = part.box
    spans_width, spans_height = box.width >= EDGE_SPAN * width, box.height >= EDGE_SPAN * height
    reach_x, reach_y = round(EDGE_REACH * width), round(EDGE_REACH * height)
    if spans_width and spans_height:
        inside = np.zeros((height, width), bool)
        inside[reach_y : height - reach_y, reach_x : width - reach_x] = True
        return not parts.reaching(inside)[part.number]
    is_at_side = min(box.right, width - box.left) <= reach_x
    is_at_end = min(box.bottom, height - box.top) <= reach_y
    return (spans_height and is_at_side) or (spans_width and is_at_end)


def _is_wide_block(part: Part) -> bool:
    """Tell whether a part is a filled block, wider than high."""
    return part.fill >= LABEL_FILL and part.box.width > LABEL_ASPECT * part.box.height
