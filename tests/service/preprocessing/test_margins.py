"""Frames and bars around small pictures."""

import numpy as np
import pytest

from service.preprocessing.decoding import Grey
from service.preprocessing.geometry import Box
from service.preprocessing.margins import inside_of_margins

PAPER, INK, FRAME = 230, 20, 60


def _picture(inside: Box, *, frame: int = FRAME, side: int = 32) -> Grey:
    """Draw a digit's bar on paper, and a frame around it."""
    picture = np.full((side, side), frame, np.uint8)
    picture[inside.slices] = PAPER
    picture[inside.top + 4 : inside.bottom - 4, 14:18] = INK
    return picture


@pytest.mark.parametrize(
    "inside",
    [
        Box(1, 1, 31, 31),
        Box(0, 7, 32, 26),
        Box(6, 0, 27, 32),
        Box(2, 0, 32, 30),
        Box(0, 3, 29, 32),
    ],
    ids=["frame", "bars above and below", "bars beside", "left and below", "right and above"],
)
@pytest.mark.parametrize("is_dark", [True, False])
def test_inside(inside: Box, is_dark: bool) -> None:
    """What lies within two or more margins is found, whichever sides they are on, darker or lighter."""
    picture = _picture(inside)

    assert inside_of_margins(picture if is_dark else ~picture) == inside


def test_soft_edge() -> None:
    """A line of both between a margin and the paper belongs to the margin."""
    picture = _picture(Box(3, 3, 29, 29))
    picture[3, 3:29] = picture[28, 3:29] = 85

    assert inside_of_margins(picture) == Box(3, 4, 29, 28)


@pytest.mark.parametrize(
    "picture",
    [
        _picture(Box(0, 0, 32, 32)),
        _picture(Box(0, 5, 32, 32)),
        _picture(Box(10, 10, 22, 22)),
        _picture(Box(2, 2, 32, 32), frame=PAPER - 20),
        _picture(Box(4, 4, 66, 66), side=70),
        _picture(Box(1, 1, 17, 17), side=18),
        np.tile(np.arange(0, 224, 7, dtype=np.uint8), (32, 1)),
    ],
    ids=["none", "one side", "too deep", "too pale", "large", "tiny", "a gradient"],
)
def test_no_margins(picture: Grey) -> None:
    """Plain paper, a single strip, and what may be a digit itself are no margins."""
    assert inside_of_margins(picture) is None


def test_row_of_both_before_a_row_of_neither() -> None:
    """Where the paper does not follow a margin within a line, it is none."""
    picture = _picture(Box(3, 3, 29, 29))
    picture[3:6] = picture[26:29] = picture[:, 3:6] = picture[:, 26:29] = 85

    assert inside_of_margins(picture) is None
