"""Which of the ink is the digit: one small picture for each thing that lies beside it."""

import numpy as np
import pytest

from service.preprocessing.decoding import Grey
from service.preprocessing.geometry import Box
from service.preprocessing.segmentation import segment

Rectangle = tuple[int, int, int, int]  # left, top, right, bottom
DIGIT: Rectangle = (46, 30, 54, 70)


def _ink(*rectangles: Rectangle, side: int = 100) -> Grey:
    """Draw filled rectangles of full ink."""
    ink = np.zeros((side, side), np.uint8)
    for rectangle in rectangles:
        ink[Box(*rectangle).slices] = 255
    return ink


@pytest.mark.parametrize(
    "beside",
    [[(48, 24, 60, 26)], [(70, 32, 78, 68)], [(58, 34, 64, 36), (68, 34, 74, 36)]],
    ids=["bar of a five", "next digit", "chain of near strokes"],
)
def test_kept(beside: list[Rectangle]) -> None:
    """Strokes near the digit and the next digit of a number stay."""
    ink = _ink(DIGIT, *beside)

    seen = segment(ink)

    assert seen is not None
    assert seen.steps == ()
    assert (seen.mask == (ink > 0)).all()
    assert not seen.is_partial


def test_pale_part() -> None:
    """What is much paler than the digit was not drawn with its pen."""
    ink = _ink(DIGIT)
    ink[40:50, 57:60] = 90

    seen = segment(ink)

    assert seen is not None
    assert seen.box == Box(*DIGIT)


def test_box() -> None:
    """A digit that touches no side of a drawn box is taken out of it."""
    frame = [(15, 15, 85, 17), (15, 83, 85, 85), (15, 15, 17, 85), (83, 15, 85, 85)]

    seen, empty = segment(_ink(DIGIT, *frame)), segment(_ink(*frame))

    assert seen is not None
    assert (seen.box, seen.steps) == (Box(*DIGIT), ("box-removed",))
    assert empty is not None
    assert empty.box == Box(15, 15, 85, 85)


def test_box_with_a_dot() -> None:
    """A zero with corners keeps its shape: what is in it is no digit."""
    frame = [(15, 15, 85, 17), (15, 83, 85, 85), (15, 15, 17, 85), (83, 15, 85, 85)]

    seen, lined = segment(_ink((48, 48, 52, 52), *frame)), segment(_ink((50, 30, 51, 70), *frame))

    assert seen is not None
    assert lined is not None
    assert seen.box.height == lined.box.height == 70


def test_rules() -> None:
    """Rules are erased, and told of."""
    seen = segment(_ink(DIGIT, (0, 20, 100, 21), (0, 80, 100, 81)))

    assert seen is not None
    assert seen.has_rules
    assert seen.box == Box(*DIGIT)


def test_small_pictures_have_no_lines() -> None:
    """In a small picture a bar from side to side is a digit, as a one cut close is."""
    seen = segment(_ink((8, 0, 12, 20), side=20))

    assert seen is not None
    assert (seen.box, seen.steps, seen.is_doubtful) == (Box(8, 0, 12, 20), (), False)


def test_nothing() -> None:
    """No ink, no digit."""
    assert segment(_ink()) is None
