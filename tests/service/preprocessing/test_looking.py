"""Looking again while what was found is no digit."""

import numpy as np

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


def test_edge_of_the_table() -> None:
    """A look among stronger ink that is not doubtful is kept."""
    picture = np.full((60, 60), 255, np.uint8)
    picture[:57, 50:] = 10
    picture[57, 50:] = 132

    look = look_for_digit(picture)

    assert not look.paper.is_even
    assert not look.is_doubtful
    assert look.floor > look.paper.floor


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


def test_dot_in_a_pale_digit() -> None:
    """A dot in a pale stroke, where the brush rested, does not stand for the digit."""
    digit = Box(40, 10, 48, 90)
    picture = _block(digit, 210, 250)
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
