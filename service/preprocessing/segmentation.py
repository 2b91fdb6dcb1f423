"""Segmentation: which of the ink is the digit.

ink -> rules erased -> connected parts -> out of their box -> the main part, its companions -> mask and box
"""

import math
from dataclasses import dataclass
from functools import reduce

from service.preprocessing.companions import (
    LABEL_FILL,
    SMALL_SIDE,
    find_candidates,
    is_of_digit_size,
    with_companions,
)
from service.preprocessing.decoding import Grey
from service.preprocessing.frames import find_window, without_box
from service.preprocessing.geometry import Box, Mask
from service.preprocessing.lines import erase_rules
from service.preprocessing.parts import Part, Parts, find_parts

INK_THRESHOLD = 64  # of 255
BORDER_CONTACT = 0.08  # of a side of the picture; digits that are cut off touch less of it
BORDER_SPAN = 0.8  # of a side of the picture; what touches the border and is smaller, is cut off
DOUBTFUL_CONTACT = 0.2  # of a side of the picture that the main part touches
LABEL_ASPECT = 1.3  # times its height that a label is wide


@dataclass(frozen=True)
class Segment:
    """The digit's ink.

    Attributes:
        mask: bool [H, W], the pixels of the digit.
        box: Box around it.
        window: Box of a filled block in which to look for a digit of the other polarity, or None.
        is_doubtful: Whether it runs along the border, as shadows and table edges do.
        has_others: Whether parts of digit size, drawn with the same pen, were left out.
        num_parts: Connected parts of all the ink.
        steps: Names of the steps that left ink out.
    """

    mask: Mask
    box: Box
    window: Box | None
    is_doubtful: bool
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
    main = max(parts.heaviest, key=lambda part: part.mass * _plausibility(part, shape))
    candidates = find_candidates(main, parts, shape)
    kept = with_companions(main, candidates, parts)
    window = find_window(parts) if min(shape) > SMALL_SIDE else None
    return Segment(
        parts.painted(kept),
        reduce(Box.united, (part.box for part in kept)),
        window,
        not window and max(shape) > SMALL_SIDE and main.contact >= DOUBTFUL_CONTACT,
        any(is_of_digit_size(part, main) for part in candidates if part not in kept),
        parts.count,
        (*steps, "parts-removed") if len(kept) < parts.count else steps,
    )


def _without_lines(ink: Grey) -> tuple[Parts, tuple[str, ...]]:
    """Find the parts of the ink without rules and boxes; and the names of the steps that erased them."""
    mask, steps = ink > INK_THRESHOLD, []
    if min(ink.shape) <= SMALL_SIDE:
        return find_parts(mask, ink), ()
    unruled = erase_rules(mask)
    if unruled is not None:
        mask, steps = unruled, ["rules-removed"]
    parts = find_parts(mask, ink)
    unboxed = without_box(parts, mask)
    if unboxed is not None:
        parts, steps = find_parts(unboxed, ink), [*steps, "box-removed"]
    return parts, tuple(steps)


def _plausibility(part: Part, shape: tuple[int, ...]) -> float:
    """Weigh down what is hardly a digit: along the border, off the middle, pale, or a label."""
    height, width = shape
    box = part.box
    off_x = abs(box.left + box.right - width) / width
    off_y = abs(box.top + box.bottom - height) / height
    weight = (1 - 0.5 * max(off_x, off_y) ** 2) * math.pow(part.strength, 1.5)
    if max(shape) > SMALL_SIDE:
        weight /= 1 + (part.contact / BORDER_CONTACT) ** 4
        if part.contact and max(box.width / width, box.height / height) < BORDER_SPAN:
            weight *= 0.5
    if part.fill >= LABEL_FILL and box.width > LABEL_ASPECT * box.height:
        weight *= 0.1
    return weight
