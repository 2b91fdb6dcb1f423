"""Finding: where on a picture the digit is, and its ink in the picture's own pixels.

grey -> reduced -> paper -> ink -> segment -> box -> ink of the crop in full size
"""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from service.preprocessing.decoding import Grey
from service.preprocessing.geometry import Box
from service.preprocessing.ink import (
    FAINT_CONTRAST,
    WHOLE,
    Paper,
    draw_ink,
    measure_paper,
    measure_uneven_paper,
    region_of,
    split_contrast,
)
from service.preprocessing.segmentation import INK_THRESHOLD, Segment, grown_by_one, segment

ANALYSIS_SIDE = 100  # pixels; the digit is looked for on a picture of at most this size
STRICTER_LOOKS = 2  # among stronger ink
WINDOW_INSET = 0.04  # of a window's shorter side that its rim takes
WINDOW_DIGIT_HEIGHT = 0.25  # of a window's height that a digit in it has at least
DETAIL_SIDE = 54  # pixels; a digit of that size on the reduced picture shows all that matters


@dataclass(frozen=True)
class Found:
    """A digit on a picture.

    Attributes:
        ink: uint8 [h, w]; 0 = paper, 255 = full ink; cut to the digit.
        box: Box around it, in the picture's pixels.
        steps: Names of what was done to find it.
        is_faint: Whether it has little contrast.
        at_border: Whether it touches the picture's border.
    """

    ink: Grey
    box: Box
    steps: tuple[str, ...]
    is_faint: bool
    at_border: bool


@dataclass(frozen=True)
class _Look:
    """One attempt at finding the digit on the reduced picture.

    Attributes:
        paper: What the pen wrote on.
        floor: Contrast that ink exceeds.
        ink: uint8 [h, w].
        full: Contrast of full ink.
        segment: The digit's part of the ink, if there is ink.
    """

    paper: Paper
    floor: int
    ink: Grey
    full: int
    segment: Segment | None

    @property
    def is_doubtful(self) -> bool:
        """Whether what was found is hardly a digit."""
        return self.segment is not None and self.segment.is_doubtful

    @property
    def has_rules(self) -> bool:
        """Whether there are lines across all of the picture."""
        return self.segment is not None and self.segment.has_rules


def find_digit(grey: Grey, *, in_window: bool = False) -> Found | None:
    """Find the digit on a picture.

    Args:
        grey: uint8 [H, W].
        in_window: Whether the picture is the inside of a window, which may hold no other.

    Returns:
        The digit, or None if there is no ink.
    """
    step = -(-max(grey.shape) // ANALYSIS_SIDE)
    small = np.asarray(Image.fromarray(grey).reduce(step)) if step > 1 else grey
    look = _look(small)
    if look.segment is None:
        return None
    paper, ink, full, segmented = look.paper, look.ink, look.full, look.segment
    window = None if in_window else segmented.window
    if window and (inner := _look_inside(grey, window, step)):
        return inner
    if step == 1 or segmented.box.longer_side >= DETAIL_SIDE:
        digit = ink[segmented.box.slices]
        if segmented.is_partial:
            digit = digit * grown_by_one(segmented.mask)[segmented.box.slices]
        box = _within(segmented.box.scaled(step), grey.shape)
    else:
        digit, box, full = _cut(grey, paper, segmented, step)
    if not digit.any():
        return None
    steps = (
        *(["inverted"] if paper.is_light else []),
        *([] if paper.is_even else ["background-removed"]),
        *segmented.erased,
        *(["cropped"] if box != Box.of(grey.shape) else []),
    )
    return Found(digit, box, steps, full < FAINT_CONTRAST, box.touches(grey.shape))


def _look(small: Grey) -> _Look:
    """Find the digit on a picture of analysis size, and look again while what is found is no digit.

    Paper that was taken for even may lie half in the shadow; and shadows, squares and stains stand out
    from the paper, but less than the pen.
    """
    paper = measure_paper(small)
    first = look = _look_at(small, paper, paper.floor)
    if look.is_doubtful and paper.is_even:
        paper = measure_uneven_paper(small)
        look = _look_at(small, paper, paper.floor)
    if not look.is_doubtful and not look.has_rules:
        return look
    contrast = paper.contrast(small, WHOLE)
    for _ in range(STRICTER_LOOKS):
        floor = split_contrast(contrast, look.floor)
        if floor is None:
            break
        stricter = _look_at(small, paper, floor)
        if stricter.segment and not stricter.is_doubtful:
            return stricter
        look = stricter if look.is_doubtful else look
    return first if look.is_doubtful else look


def _look_at(small: Grey, paper: Paper, floor: int) -> _Look:
    """Find the digit among ink that exceeds a floor."""
    ink, full = draw_ink(paper.contrast(small, WHOLE), floor)
    return _Look(paper, floor, ink, full, segment(ink))


def _look_inside(grey: Grey, window: Box, step: int) -> Found | None:
    """Find a digit within a window of the picture."""
    inset = max(1, round(WINDOW_INSET * min(window.width, window.height)))
    inner = _within(window.grown(-inset, grey.shape).scaled(step), grey.shape)
    found = find_digit(np.ascontiguousarray(grey[inner.slices]), in_window=True)
    if found is None or found.box.height < WINDOW_DIGIT_HEIGHT * inner.height:
        return None
    steps = ("window-entered", *found.steps)
    return replace(found, box=found.box.shifted(inner.left, inner.top), steps=steps)


def _cut(grey: Grey, paper: Paper, segmented: Segment, step: int) -> tuple[Grey, Box, int]:
    """Cut a small digit out of the picture in full size; returns ink, box and full contrast."""
    rough = segmented.box.grown(1, segmented.mask.shape)
    box = _within(rough.scaled(step), grey.shape)
    contrast = paper.contrast(grey[box.slices], region_of(box, grey.shape))
    if segmented.is_partial:
        kept = grown_by_one(segmented.mask)[rough.slices]
        mask = np.repeat(np.repeat(kept, step, axis=0), step, axis=1)
        contrast = contrast * mask[: contrast.shape[0], : contrast.shape[1]]
    ink, full = draw_ink(contrast, paper.floor)
    tight = Box.around(ink > INK_THRESHOLD) if full else Box.of(ink.shape)
    return ink[tight.slices], tight.shifted(box.left, box.top), full


def _within(box: Box, shape: tuple[int, ...]) -> Box:
    """Cut a box to a picture [H, W]; a reduced picture may reach past the end."""
    return Box(box.left, box.top, min(box.right, shape[1]), min(box.bottom, shape[0]))
