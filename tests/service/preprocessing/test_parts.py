"""Connected parts and what is measured of them."""

import numpy as np

from service.preprocessing.geometry import Box
from service.preprocessing.parts import MAX_PARTS, find_parts


def test_measures() -> None:
    """Mass, area, box, contact and fill of two parts, the heavier one first."""
    ink = np.zeros((10, 20), np.uint8)
    ink[2:4, 3:5] = 255
    ink[5:10, 8:16] = 51

    parts = find_parts(ink > 0, ink)
    block, dot = parts.heaviest

    assert (block.number, block.area, block.box) == (1, 40, Box(8, 5, 16, 10))
    assert (round(block.mass, 6), round(block.strength, 6), block.fill) == (8.0, 0.2, 1.0)
    assert (block.contact, dot.contact) == (8 / 20, 0)
    assert (parts.painted([dot]) == (ink == 255)).all()


def test_span_bridges_hollows() -> None:
    """The span of a part counts what lies between its edges."""
    ink = np.zeros((10, 10), np.uint8)
    ink[1:9, 1:9] = 255
    ink[3:7, 3:7] = 0

    parts = find_parts(ink > 0, ink)

    assert parts.span(parts.heaviest[0]) == 64


def test_dots_are_bounded() -> None:
    """Of two thousand equal dots, a bounded number is looked at."""
    dots = np.zeros((94, 94), np.uint8)
    dots[1::2, 1::2] = 255

    parts = find_parts(dots > 0, dots)

    assert (parts.count, len(parts.heaviest)) == (47 * 47, MAX_PARTS)


def test_nothing() -> None:
    """An empty mask has no parts."""
    parts = find_parts(np.zeros((5, 5), bool), np.zeros((5, 5), np.uint8))

    assert (parts.count, parts.heaviest) == (0, [])
