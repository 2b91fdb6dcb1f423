"""Connected parts and what is measured of them."""

from unittest.mock import Mock

import numpy as np
import pytest

from service.preprocessing.geometry import Box
from service.preprocessing.parts import MAX_PARTS, Part, find_parts, is_ellipse


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


@pytest.mark.parametrize("column", [0, 4, 9], ids=["at the left", "within", "at the right"])
def test_lone_part(column: int) -> None:
    """A part is described alike with and without another beside it."""
    ink = np.zeros((12, 30), np.uint8)
    ink[1:9, column : column + 2] = 200
    ink[3, column] = 100
    beside = ink.copy()
    beside[11, 29] = 200

    [alone] = find_parts(ink > 0, ink).heaviest
    first, _ = find_parts(beside > 0, beside).heaviest

    assert alone == first
    assert alone == Part(
        0, (15 * 200 + 100) / 255, 16, Box(column, 1, column + 2, 9), 8 / 12 * (column == 0)
    )


def test_edges_bridge_hollows() -> None:
    """Each row of a part begins and ends somewhere, whatever is left out between."""
    ink = np.zeros((10, 10), np.uint8)
    ink[1:9, 1:9] = 255
    ink[3:7, 3:7] = 0

    parts = find_parts(ink > 0, ink)

    left, right = parts.edges(parts.heaviest[0])
    assert (left.tolist(), right.tolist()) == ([1] * 8, [9] * 8)


@pytest.mark.parametrize(
    ("half_width", "half_height", "is_round"),
    [(20, 20, True), (20, 15, True), (20, 12, False)],
    ids=["circle", "ellipse", "too long"],
)
def test_ellipse(half_width: int, half_height: int, is_round: bool) -> None:
    """The edges of a circle or a short ellipse are told."""
    y = (2 * np.arange(2 * half_height) + 1) / (2 * half_height) - 1
    reach = np.rint(half_width * np.sqrt(1 - y**2)).astype(np.intp)

    assert is_ellipse(50 - reach, 50 + reach) == is_round


def test_square_is_no_ellipse() -> None:
    """Nor is anything else with corners."""
    assert not is_ellipse(np.full(30, 10), np.full(30, 40))


def test_dots_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two thousand equal dots, a bounded number is described and looked at."""
    dots = np.zeros((94, 94), np.uint8)
    dots[1::2, 1::2] = 255

    described = Mock(side_effect=Part)
    monkeypatch.setattr("service.preprocessing.parts.Part", described)

    parts = find_parts(dots > 0, dots)

    assert (parts.count, len(parts.heaviest)) == (47 * 47, MAX_PARTS)
    assert described.call_count == MAX_PARTS


def test_nothing() -> None:
    """An empty mask has no parts."""
    parts = find_parts(np.zeros((5, 5), bool), np.zeros((5, 5), np.uint8))

    assert (parts.count, parts.heaviest) == (0, [])
