"""Looking again while what was found is no digit."""

import numpy as np
import pytest

from service.preprocessing.decoding import Grey
from service.preprocessing.geometry import Box
from service.preprocessing.looking import look_for_digit


def _block(box: Box, level: int, paper: int) -> Grey:
    """Draw a filled block on a picture of 100x100."""
    picture = np.full((100, 100), paper, np.uint8)
    picture[box.slices] = level
    return picture


def test_plain() -> None:
    """A digit on even paper is found at the first look."""
    look = look_for_digit(_block(Box(46, 30, 54, 70), 20, 230))

    assert look.segment is not None
    assert (look.segment.box, look.floor) == (Box(46, 30, 54, 70), look.paper.floor)


def test_block_at_the_border() -> None:
    """What runs along the border is measured again, as uneven paper; nothing better is found."""
    look = look_for_digit(_block(Box(5, 95, 98, 100), 0, 255))

    assert look.paper.is_even
    assert look.is_doubtful


def test_shadow_below_the_digit() -> None:
    """A look among stronger ink that is not doubtful is kept."""
    picture = _block(Box(0, 95, 100, 100), 150, 255)
    picture[40:97, 46:54] = 20

    look = look_for_digit(picture)

    assert look.segment is not None
    assert (look.segment.box.left, look.segment.box.right) == (46, 54)
    assert look.floor > look.paper.floor


def test_bold_digit_over_the_border() -> None:
    """What fills the picture from side to side is a digit, though it runs along the border."""
    picture = np.full((100, 80), 255, np.uint8)
    picture[:20, 8:70] = picture[20:100, 50:70] = 0

    look = look_for_digit(picture)

    assert look.segment is not None
    assert (look.segment.box, look.paper.is_even) == (Box(8, 0, 70, 100), True)


@pytest.mark.parametrize(
    "strong",
    [
        [Box(10, 6, 60, 16)],
        [Box(x, y, x + w, 16) for x in (10, 22, 34) for y, w in ((6, 3), (13, 9))],
        [Box(0, 0, 6, 100)],
    ],
    ids=["label", "letters", "table"],
)
def test_pale_digit_beside(strong: list[Box]) -> None:
    """A digit that is too pale to count beside a label, letters or a dark table is found after all."""
    digit = Box(44, 30, 52, 80)
    picture = _block(digit, 225, 250)
    for box in strong:
        picture[box.slices] = 0
    picture[90:92, 80:82] = 225  # dust

    look = look_for_digit(picture)

    assert look.segment is not None
    assert look.segment.box == digit
    assert look.segment.steps == ("parts-removed",)


def test_sign_beside_a_pale_digit() -> None:
    """A sign stronger than a pale digit is no pen among stains."""
    digit = Box(40, 10, 52, 80)
    picture = _block(digit, 190, 250)
    picture[91:97, 73:99] = 0

    look = look_for_digit(picture)

    assert look.is_pale
    assert look.segment is not None
    assert look.segment.box == digit


@pytest.mark.parametrize("beside", [None, Box(70, 60, 73, 68)], ids=["nothing", "a speck"])
def test_lettering_alone(beside: Box | None) -> None:
    """Where nothing larger is beside it, lettering is what is found."""
    picture = _block(Box(10, 6, 60, 16), 0, 250)
    if beside:
        picture[beside.slices] = 225

    look = look_for_digit(picture)

    assert look.segment is not None
    assert look.segment.box == Box(10, 6, 60, 16)


@pytest.mark.parametrize(("num_words", "is_found"), [(2, True), (8, False)])
def test_many_words(num_words: int, is_found: bool) -> None:
    """As many words as a heading has are left out, and no more."""
    digit = Box(45, 40, 55, 95)
    picture = _block(digit, 225, 250)
    for word in range(num_words):
        top, left = 4 + word // 2 * 24, 3 + word % 2 * 65
        picture[top : top + 10, left : left + 30] = 0

    look = look_for_digit(picture)

    assert look.segment is not None
    assert (look.segment.box == digit) is is_found
    assert look.is_lettering is not is_found


def test_table_of_three_shades() -> None:
    """Where every stricter look is doubtful, too, the first one stays."""
    picture = np.full((100, 100), 255, np.uint8)
    picture[94:], picture[97:], picture[98:] = 220, 110, 0

    look = look_for_digit(picture)

    assert look.is_doubtful
    assert look.floor == look.paper.floor


def test_pen_among_stains() -> None:
    """A pen far stronger than stains is found, though they are larger and cover more."""
    pen = Box(60, 20, 66, 50)
    picture = _block(pen, 20, 250)
    picture[30:75, 15:45] = 215

    look = look_for_digit(picture)

    assert look.segment is not None
    assert look.segment.box == pen


@pytest.mark.parametrize("is_ruled", [False, True])
def test_dot_in_a_pale_digit(*, is_ruled: bool) -> None:
    """A dot in a pale stroke, where the brush rested, does not stand for the digit, on ruled paper neither."""
    digit = Box(40, 10, 48, 90)
    picture = _block(digit, 210, 250)
    if is_ruled:
        picture[20::20] = 210
    picture[50:57, 41:48] = 20

    look = look_for_digit(picture)

    assert look.segment is not None
    assert look.segment.box == digit


def test_pen_that_covers_just_enough() -> None:
    """As many strong pixels as a digit has at least tell the pen from a stain, whatever the picture's size."""
    picture = _block(Box(3, 2, 25, 11), 200, 250)[:35, :50].copy()
    pen = Box(30, 20, 31, 27)
    picture[pen.slices] = 0

    look = look_for_digit(picture)

    assert look.segment is not None
    assert look.segment.box == pen


def test_blank() -> None:
    """Blank paper has neither a digit nor doubts."""
    look = look_for_digit(np.full((100, 100), 90, np.uint8))

    assert (look.segment, look.full, look.is_doubtful, look.has_rules) == (None, 0, False, False)
