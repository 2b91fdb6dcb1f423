"""Looking: attempts at finding the digit on the reduced picture, each stricter about what is ink.

grey -> even paper -> ink -> segment; if that is doubtful: uneven paper; then stronger ink alone
"""

from dataclasses import dataclass

from service.preprocessing.decoding import Grey
from service.preprocessing.even_paper import measure_even_paper
from service.preprocessing.ink import draw_ink, split_contrast
from service.preprocessing.paper import WHOLE, Paper
from service.preprocessing.segmentation import Segment, segment
from service.preprocessing.uneven_paper import measure_uneven_paper

STRICTER_LOOKS = 2  # among stronger ink


@dataclass(frozen=True)
class Look:
    """One attempt at finding the digit.

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


def look_for_digit(grey: Grey) -> Look:
    """Find the digit, and look again while what is found is no digit.

    Paper that was taken for even may lie half in the shadow; and shadows, squares and stains stand out
    from the paper, but less than the pen.

    Args:
        grey: uint8 [h, w], of analysis size.
    """
    paper = measure_even_paper(grey) or measure_uneven_paper(grey)
    first = look = _look_at(grey, paper, paper.floor)
    if first.is_doubtful and paper.is_even:
        paper = measure_uneven_paper(grey)
        look = _look_at(grey, paper, paper.floor)
    if not look.is_doubtful and not look.has_rules:
        return look
    stricter = _look_stricter(grey, look)
    return first if stricter.is_doubtful else stricter


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
    ink, full = draw_ink(paper.contrast(grey, WHOLE), floor)
    return Look(paper, floor, ink, full, segment(ink))
