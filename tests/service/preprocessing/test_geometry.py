"""Boxes, against numbers worked out by hand."""

import numpy as np

from service.preprocessing.geometry import Box


def test_around() -> None:
    """The box is tight; right and bottom lie outside."""
    mask = np.zeros((5, 6), bool)
    mask[1:3, 2:5] = True

    box = Box.around(mask)

    assert box == Box(2, 1, 5, 3)
    assert (box.width, box.height, box.longer_side, box.area) == (3, 2, 3, 6)
    assert mask[box.slices].all()


def test_grown_stays_in_the_picture() -> None:
    """A grown box ends at the border, a shrunk one leaves its rim."""
    assert Box(1, 2, 5, 6).grown(3, (7, 10)) == Box(0, 0, 8, 7)
    assert Box(1, 2, 5, 6).grown(-1, (7, 10)) == Box(2, 3, 4, 5)


def test_moved() -> None:
    """Boxes are scaled to another picture, and shifted."""
    assert Box(1, 2, 5, 6).scaled(2) == Box(2, 4, 10, 12)
    assert Box(1, 2, 5, 6).shifted(3, -1) == Box(4, 1, 8, 5)


def test_touches() -> None:
    """A box touches the border where it reaches the first or the last pixel."""
    assert Box.of((5, 6)) == Box(0, 0, 6, 5)
    assert Box(3, 1, 6, 4).touches((5, 6))
    assert not Box(1, 1, 5, 4).touches((5, 6))


def test_pairs() -> None:
    """Gap and shared rows tell how two boxes lie, and their union holds both."""
    left, right = Box(0, 0, 2, 2), Box(5, 1, 6, 3)

    assert left.gap_to(right) == 3
    assert left.gap_to(left) == 0
    assert left.rows_shared_with(right) == 1
    assert left.united(right) == Box(0, 0, 6, 3)
