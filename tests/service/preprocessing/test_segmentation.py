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
    ("beside", "has_others"),
    [
        ([(57, 40, 59, 42)], False),
        ([(57, 60, 73, 75)], False),
        ([(80, 30, 100, 34), (80, 30, 84, 70)], False),
        ([(70, 20, 72, 80)], False),
        ([(88, 30, 97, 33), (88, 30, 92, 70)], True),
        ([(84, 68, 88, 98), (84, 68, 96, 70)], True),
    ],
    ids=["speck", "label", "neighbour cut by the border", "bar", "far beside", "far below"],
)
def test_left_out(beside: list[Rectangle], has_others: bool) -> None:
    """What does not belong to the digit is left out, and other digits are told of."""
    seen = segment(_ink(DIGIT, *beside))

    assert seen is not None
    assert (seen.box, seen.steps) == (Box(*DIGIT), ("parts-removed",))
    assert seen.has_others is has_others


def test_label_heavier_than_the_digit() -> None:
    """A wide filled block is not the digit, though it has more ink."""
    seen = segment(_ink(DIGIT, (30, 4, 70, 16)))

    assert seen is not None
    assert seen.box == Box(*DIGIT)


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


def test_box_with_a_dash() -> None:
    """What is too low or too thin for a digit does not make a box of the lines around it."""
    frame = [(15, 15, 85, 17), (15, 83, 85, 85), (15, 15, 17, 85), (83, 15, 85, 85)]

    dashed, lined = segment(_ink((30, 48, 70, 56), *frame)), segment(_ink((50, 30, 51, 70), *frame))

    assert dashed is not None
    assert lined is not None
    assert dashed.box.height == lined.box.height == 70


def test_rules() -> None:
    """Rules are erased, and told of."""
    seen = segment(_ink(DIGIT, (0, 20, 100, 21), (0, 80, 100, 81)))

    assert seen is not None
    assert seen.has_rules
    assert seen.box == Box(*DIGIT)


def test_window() -> None:
    """A filled block is a window; a shadow along the border is doubtful."""
    block = _ink((20, 20, 80, 80))
    block[30:70, 46:54] = 0

    window, shadow = segment(block), segment(_ink((0, 0, 100, 10)))

    assert window is not None
    assert (window.window, window.is_doubtful) == (Box(20, 20, 80, 80), False)
    assert shadow is not None
    assert (shadow.window, shadow.is_doubtful) == (None, True)


def test_small_pictures_have_no_lines() -> None:
    """In a small picture a bar from side to side is a digit, as a one cut close is."""
    seen = segment(_ink((8, 0, 12, 20), side=20))

    assert seen is not None
    assert (seen.box, seen.steps, seen.is_doubtful) == (Box(8, 0, 12, 20), (), False)


def test_nothing() -> None:
    """No ink, no digit."""
    assert segment(_ink()) is None
