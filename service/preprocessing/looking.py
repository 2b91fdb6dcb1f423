"""Looking: attempts at finding the digit on the reduced picture, each with another notion of paper or ink.

grey -> even paper -> ink -> segment; if that is doubtful: across a shadow's edge, a close crop, or uneven paper
pale, or doubtful still -> stronger ink alone; lettering, or doubtful still -> what is paler beside it
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from service.preprocessing.close_crop import measure_close_crop
from service.preprocessing.decoding import Grey
from service.preprocessing.even_paper import measure_even_paper
from service.preprocessing.ink import find_ramp, split_contrast
from service.preprocessing.morphology import dilate
from service.preprocessing.paper import LEVELS, TINY_SIDE, WHOLE, Paper, histogram
from service.preprocessing.segmentation import INK_THRESHOLD, Segment, segment
from service.preprocessing.shadow import PAPER_SHARE, measure_shadowed_paper
from service.preprocessing.uneven_paper import STROKE_AREA, measure_uneven_paper

# Times the contrast of full ink that the pen has, where stains cover more than it.
PEN_STRENGTH = 2.0
# Grey levels: nothing is so much stronger than ink that is less pale.
MAX_PALE = int(255 / PEN_STRENGTH)
SPECK_SIDE = 0.2  # of the longer side of what was found
STRICTER_LOOKS = 2  # among stronger ink
HIDDEN_RIM = 2  # pixels around strong ink that fade into the paper
LOOKS_BESIDE = 4  # as many words of a heading are left out
BESIDE_SIDE = 0.15  # of the picture's longer side that a digit beside strong ink has at least
BESIDE_SIZE = 1.5  # times the height of lettering


@dataclass(frozen=True)
class Look:
    """One attempt at finding the digit.

    Attributes:
        paper: What the pen wrote on.
        floor: Contrast around which ink begins.
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
    def has_window(self) -> bool:
        """Whether what was found is a block that may have the digit in it."""
        return self.segment is not None and self.segment.window is not None

    @property
    def is_at_rim(self) -> bool:
        """Whether some of the ink lies along the picture's border."""
        sides = (self.ink[0], self.ink[-1], self.ink[:, 0], self.ink[:, -1])
        num_inked = sum(np.count_nonzero(side > INK_THRESHOLD) for side in sides)
        return bool(num_inked >= PAPER_SHARE * 2 * sum(self.ink.shape))

    @property
    def is_lettering(self) -> bool:
        """Whether what was found is a label or one of several marks."""
        return self.segment is not None and self.segment.is_lettering

    @property
    def has_rules(self) -> bool:
        """Whether there are lines across all of the picture."""
        return self.segment is not None and self.segment.has_rules


def look_for_digit(grey: Grey) -> Look:
    """Find the digit, and look again while what is found is no digit.

    Paper that was taken for even may lie half in the shadow; and shadows, squares and stains stand out
    from the paper, but less than the pen. Where they cover more than it, it looks no stronger than they. A heading,
    a sign or a dark table stands out more than a pale pen.

    Args:
        grey: uint8 [h, w], of analysis size.
    """
    paper = measure_even_paper(grey) or measure_uneven_paper(grey)
    first = look = _look_at(grey, paper, paper.floor)
    may_be_shadowed = not paper.is_even or first.is_doubtful or first.is_at_rim or first.has_window
    if may_be_shadowed and (shadowed := _look_across_shadow(grey)):
        return shadowed
    if (first.is_doubtful or not paper.is_even) and (close := measure_close_crop(grey)):
        return _look_at(grey, close, close.floor)
    if first.is_doubtful and paper.is_even:
        paper = measure_uneven_paper(grey)
        look = _look_at(grey, paper, paper.floor)
    is_digit = not (look.is_doubtful or look.is_lettering)
    needs_more = look.is_doubtful or look.has_rules or look.is_pale
    stricter = _look_stricter(grey, look) if needs_more else look
    if is_digit and (stricter.is_lettering or _is_speck(stricter, look)):
        return look
    if not (stricter.is_doubtful or stricter.is_lettering):
        return stricter
    return _look_beside(grey, look) or (first if stricter.is_doubtful else stricter)


def _look_across_shadow(grey: Grey) -> Look | None:
    """Look for ink that stands out from both lit paper and paper in the shadow; None if there is no digit."""
    looks = [_look_at(grey, paper, paper.floor) for paper in measure_shadowed_paper(grey)]
    sound = [
        look
        for look in looks
        if look.segment and not (look.is_doubtful or look.is_lettering or look.has_window)
    ]
    return sound[0] if len(sound) == 1 else None


def _is_speck(stricter: Look, look: Look) -> bool:
    """Tell whether stronger ink is but a dot of what was found: where a brush rested, or a dust grain."""
    small, large = stricter.segment, look.segment
    return bool(small and large and small.box.longer_side < SPECK_SIDE * large.box.longer_side)


def _look_beside(grey: Grey, look: Look) -> Look | None:
    """Look for a larger digit, which may be paler, beside what was found; None if there is none.

    Next to a strip of a dark table, a heading or a sign, ink of a pencil or a bright brush counts as none.
    """
    contrast = look.paper.contrast(grey, WHOLE)
    strong = look.segment
    for _ in range(LOOKS_BESIDE):
        if strong is None:
            return None
        contrast[dilate(strong.mask, HIDDEN_RIM)] = 0
        ramp, full = find_ramp(histogram(contrast), look.floor, grey.shape)
        ink = ramp.take(contrast)
        found = segment(ink)
        is_digit = found and not (found.is_doubtful or found.is_lettering)
        if found and is_digit and _is_larger(found, look, grey.shape):
            return Look(
                look.paper,
                look.floor,
                ink,
                full,
                is_pale=False,
                segment=_among_others(found, look),
            )
        strong = found
    return None


def _among_others(found: Segment, look: Look) -> Segment:
    """Describe what was found as a part of all the ink of a look."""
    steps = tuple(dict.fromkeys((*found.steps, "parts-removed")))
    num_parts = look.segment.num_parts if look.segment else 0
    return replace(found, steps=steps, num_parts=num_parts + 1)


def _is_larger(found: Segment, look: Look, shape: tuple[int, ...]) -> bool:
    """Tell whether what was found beside something else is as large as a digit, and larger than lettering."""
    least = BESIDE_SIDE * max(shape)
    if look.segment and look.is_lettering:
        least = max(least, BESIDE_SIZE * look.segment.box.height)
    return found.box.longer_side >= least


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
    """Find the digit among ink that begins around a floor."""
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
    is_pale = _is_pale(counts, full, grey.shape)
    return Look(paper, floor, ink, full, is_pale=is_pale, segment=segment(ink))


def _is_pale(counts: npt.NDArray[np.number], full: int, shape: tuple[int, ...]) -> bool:
    """Tell whether as many pixels as a digit has stand out far more than full ink; of each contrast, [256]."""
    if max(shape) <= TINY_SIDE or not 0 < full <= MAX_PALE:
        return False
    num_strong = counts[math.floor(PEN_STRENGTH * full) + 1 :].sum()
    return bool(num_strong >= STROKE_AREA * (shape[0] * shape[1]))
