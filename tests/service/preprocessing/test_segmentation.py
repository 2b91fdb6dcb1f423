"""Which of the ink is the digit: one small picture for each thing that lies beside it."""

import numpy as np
import pytest

from service.preprocessing.decoding import Grey
from service.preprocessing.geometry import Box
from service.preprocessing.segmentation import segment
from service.preprocessing.windows import Window

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
        ([(24, 73, 76, 76)], False),
    ],
    ids=[
        "speck",
        "label",
        "neighbour cut by the border",
        "bar",
        "far beside",
        "far below",
        "underline",
    ],
)
def test_left_out(beside: list[Rectangle], has_others: bool) -> None:
    """What does not belong to the digit is left out, and other digits are told of."""
    seen = segment(_ink(DIGIT, *beside))

    assert seen is not None
    assert (seen.box, seen.steps) == (Box(*DIGIT), ("parts-removed",))
    assert seen.has_others is has_others


@pytest.mark.parametrize(
    "edge",
    [
        [(1, 0, 11, 100)],
        [(90, 0, 97, 100)],
        [(0, 2, 100, 12)],
        [(0, 90, 100, 99)],
        [(0, 2, 100, 12), (1, 0, 11, 100)],
    ],
    ids=["left", "right", "top", "bottom", "two sides"],
)
def test_edge_of_a_scan(edge: list[Rectangle]) -> None:
    """Bars along the sides are not the digit, though they have more ink; alone they are doubtful."""
    beside, alone = segment(_ink(DIGIT, *edge)), segment(_ink(*edge))

    assert beside is not None
    assert (beside.box, beside.is_doubtful) == (Box(*DIGIT), False)
    assert alone is None or alone.is_doubtful


def test_narrow_picture_with_rules() -> None:
    """Lines across a picture that is no wider than a digit are rules where it is higher."""
    ink = _ink((14, 30, 20, 60))[:80, :36]
    ink[[25, 65]] = 255

    seen = segment(ink)

    assert seen is not None
    assert (seen.box, seen.has_rules) == (Box(14, 30, 20, 60), True)


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


def test_line_that_the_digit_stands_on() -> None:
    """It is erased, and told of."""
    seen = segment(_ink(DIGIT, (10, 67, 90, 70)))

    assert seen is not None
    assert seen.steps == ("underline-removed",)
    assert (seen.box.left, seen.box.right) == (46, 54)


def _circle(radius: int) -> Grey:
    """Draw a circle of four pixels' width around the middle."""
    y, x = np.mgrid[-50:50, -50:50] + 0.5
    return np.where(np.abs(np.hypot(x, y) - radius) < 2, 255, 0).astype(np.uint8)


def test_circle() -> None:
    """A circle around the digit is erased, and told of; the dot in a zero is no digit."""
    digit, dot = (46, 34, 54, 66), (47, 47, 53, 53)

    circled, zero = segment(_circle(36) | _ink(digit)), segment(_circle(36) | _ink(dot))

    assert circled is not None
    assert (circled.steps, circled.box) == (("circle-removed",), Box(*digit))
    assert zero is not None
    assert "circle-removed" not in zero.steps


@pytest.mark.parametrize(
    ("marks", "is_lettering"),
    [
        ([DIGIT], False),
        ([(20, 20, 60, 32)], True),
        ([(20, 20, 60, 24), (20, 30, 60, 34), (20, 24, 23, 30), (57, 24, 60, 30)], True),
        ([(20, 40, 26, 60), (32, 40, 38, 60), (44, 40, 50, 60)], True),
        ([(20, 40, 26, 60), (32, 40, 38, 60)], False),
    ],
    ids=["a digit", "a label", "a word run together", "three marks", "two digits"],
)
def test_lettering(marks: list[Rectangle], is_lettering: bool) -> None:
    """Labels, words and rows of marks are told from digits."""
    seen = segment(_ink(*marks))

    assert seen is not None
    assert seen.is_lettering is is_lettering


def test_strip() -> None:
    """In a strip the rule goes, and a digit as high as the strip stays; a narrow crop is not searched for rules."""
    strip = _ink((48, 2, 54, 28), (0, 24, 100, 26))[:30]
    narrow = np.ascontiguousarray(_ink((2, 0, 18, 100))[:, :20])

    digit, one = segment(strip), segment(narrow)

    assert digit is not None
    assert (digit.box, digit.steps) == (Box(48, 2, 54, 28), ("rules-removed",))
    assert one is not None
    assert (one.box, one.steps) == (Box(2, 0, 18, 100), ())


def test_window() -> None:
    """A filled block is a window; a shadow along the border is doubtful."""
    block = _ink((20, 20, 80, 80))
    block[30:70, 46:54] = 0

    window, shadow = segment(block), segment(_ink((0, 0, 100, 10)))

    assert window is not None
    assert (window.window, window.is_doubtful) == (Window(Box(22, 22, 78, 78)), False)
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
