"""Paper on which the edge of a shadow lies."""

import numpy as np
import pytest

from service.preprocessing.decoding import Grey
from service.preprocessing.finding import find_digit
from service.preprocessing.geometry import Box
from service.preprocessing.looking import look_for_digit
from service.preprocessing.paper import WHOLE
from service.preprocessing.shadow import measure_shadowed_paper

STROKE = Box(44, 20, 54, 80)  # across the edge
LIT, SHADED, INK = 220, 110, 20


def _shadowed(lit: Box, side: int = 100) -> Grey:
    """Draw a dark stroke on shaded paper, a part of which is lit."""
    picture = np.full((100, 100), SHADED, np.uint8)
    picture[lit.slices] = LIT
    picture[STROKE.slices] = INK
    return picture[:side, :side]


@pytest.mark.parametrize("is_light", [True, False])
def test_measured(is_light: bool) -> None:
    """It is as bright as the part of it that is nearer to the ink; the other is on the side without ink."""
    picture = _shadowed(Box(0, 0, 100, 45))
    picture = picture if is_light else ~picture

    [paper] = measure_shadowed_paper(picture)

    assert (paper.is_light, paper.is_even, paper.is_shadowed) == (is_light, True, True)
    assert (paper.contrast(picture, WHOLE) > paper.floor).sum() == STROKE.area


@pytest.mark.parametrize(
    ("lit", "side"),
    [
        (Box(30, 10, 70, 90), 100),
        (Box(0, 0, 100, 4), 100),
        (Box(0, 0, 100, 100), 100),
        (Box(0, 0, 100, 30), 40),
    ],
    ids=["window", "sliver", "no edge", "small picture"],
)
def test_not_measured(lit: Box, side: int) -> None:
    """A window, an edge of the picture, even paper or a small picture is another's."""
    assert measure_shadowed_paper(_shadowed(lit, side)) == []


def test_tones_that_are_near() -> None:
    """Grain of the paper is no edge."""
    picture = _shadowed(Box(0, 0, 100, 45))
    picture[picture == LIT] = SHADED + 20

    assert measure_shadowed_paper(picture) == []


@pytest.mark.parametrize(
    "lit", [Box(0, 0, 100, 45), Box(0, 0, 49, 100), Box(0, 85, 100, 100)], ids=str
)
def test_stroke_is_found_whole(lit: Box) -> None:
    """A stroke of which a part is lit, or that lies beside what is lit, is told from either paper."""
    look = look_for_digit(_shadowed(lit))

    assert look.segment is not None
    assert (look.segment.box, look.paper.is_shadowed) == (STROKE, True)


def test_step_is_named() -> None:
    """The other paper is background that was removed."""
    found = find_digit(_shadowed(Box(0, 0, 100, 45)))

    assert found is not None
    assert found.steps[:2] == ("inverted", "background-removed")
