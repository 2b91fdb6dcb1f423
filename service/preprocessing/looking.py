"""Looking: attempts at finding the digit on the reduced picture, each stricter about what is ink.

grey -> even paper -> ink -> segment; if that is doubtful: uneven paper; or pale: then stronger ink alone
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.preprocessing.decoding import Grey
from service.preprocessing.even_paper import measure_even_paper
from service.preprocessing.ink import find_ramp, split_contrast
from service.preprocessing.paper import LEVELS, TINY_SIDE, WHOLE, Paper, histogram
from service.preprocessing.segmentation import Segment, segment
from service.preprocessing.uneven_paper import STROKE_AREA, measure_uneven_paper

# Times the contrast of full ink that the pen has, where stains cover more than it.
PEN_STRENGTH = 2.0
# Grey levels: nothing is so much stronger than ink that is less pale.
MAX_PALE = 255 // PEN_STRENGTH
SPECK_SIDE = 0.2  # of the longer side of what was found
STRICTER_LOOKS = 2  # among stronger ink


@dataclass(frozen=True)
class Look:
    """One attempt at finding the digit.

    Attributes:
        paper: What the pen wrote on.
        floor: Contrast that ink exceeds.
        ink: uint8 [h, w].
        full: Contrast of full ink.
        is_pale: Whether some ink is far stronger than full ink: the pen's, among stains that cover more.
        segment: The digit's part of the ink, if there is ink.
    """

    paper: Paper
    floor: int
    ink: Grey
    full: int
    is_pale: bool
    segment: Segment | None

    @property
    def is_doubtful(self) -> bool:
        """Whether what was found is hardly a digit."""
        return self.segment is not None and self.segment.is_doubtful

    @property
    def has_rules(self) -> bool:
        """Whether there are lines across all of the picture."""
        return self.segment is not None and self.segment.has_rules


def look_for_digit(grey: Grey) -> Look:
    """Find the digit, and look again while what is found is no digit.

    Paper that was taken for even may lie half in the shadow; and shadows, squares and stains stand out
    from the paper, but less than the pen. Where they cover more than it, it looks no stronger than they.

    Args:
        grey: uint8 [h, w], of analysis size.
    """
    paper = measure_even_paper(grey) or measure_uneven_paper(grey)
    first = look = _look_at(grey, paper, paper.floor)
    if first.is_doubtful and paper.is_even:
        paper = measure_uneven_paper(grey)
        look = _look_at(grey, paper, paper.floor)
    is_digit = not (look.is_doubtful or look.has_rules)
    if is_digit and not look.is_pale:
        return look
    stricter = _look_stricter(grey, look)
    if stricter.is_doubtful:
        return first
    return look if is_digit and _is_speck(stricter, look) else stricter


def _is_speck(stricter: Look, look: Look) -> bool:
    """Tell whether stronger ink is but a dot of what was found: where a brush rested, or a dust grain."""
    small, large = stricter.segment, look.segment
    return bool(small and large and small.box.longer_side < SPECK_SIDE * large.box.longer_side)


def _look_stricter(grey: Grey, look: Look) -> Look:
    """Look among ever stronger ink; keep a look that is no longer doubtful, or the last one."""
    contrast = look.paper.contrast(grey, WHOLE)
    for _ in range(STRICTER_LOOKS):
        floor = split_contrast(contrast, look.floor)
        if floor is None:
            break
        stricter = _look_at(grey, look.paper, floor)
        if stricter.segment and not stricter.is_doubtful:
            return stricter
        look = stricter if look.is_doubtful else look
    return look


def _look_at(grey: Grey, paper: Paper, floor: int) -> Look:
    """Find the digit among ink that exceeds a floor."""
    if paper.counts is None:
        contrast = paper.contrast(grey, WHOLE)
        counts: npt.NDArray[np.number] = histogram(contrast)
        ramp, full = find_ramp(counts, floor, grey.shape)
        ink = ramp.take(contrast)
    else:  # its 256 levels tell what else ten thousand pixels would
        of_level = paper.contrast_of_levels()
        counts = np.bincount(of_level, weights=paper.counts, minlength=LEVELS.size)
        ramp, full = find_ramp(counts, floor, grey.shape)
        ink = ramp.take(of_level).take(grey)
    return Look(paper, floor, ink, full, _is_pale(counts, full, grey.shape), segment(ink))


def _is_pale(counts: npt.NDArray[np.number], full: int, shape: tuple[int, ...]) -> bool:
    """Tell whether as many pixels as a digit has stand out far more than full ink; of each contrast, [256]."""
    if max(shape) <= TINY_SIDE or not 0 < full <= MAX_PALE:
        return False
    num_strong = counts[math.floor(PEN_STRENGTH * full) + 1 :].sum()
    return bool(num_strong >= STROKE_AREA * (shape[0] * shape[1]))
