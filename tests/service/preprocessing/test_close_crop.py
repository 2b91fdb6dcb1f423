"""Bold digits that fill their picture."""

from collections.abc import Callable

import numpy as np
import pytest

from service.preprocessing.close_crop import measure_close_crop
from service.preprocessing.decoding import Grey

INK, PAPER = 30, 220


def _bold_seven() -> Grey:
    """Draw a seven of 28 pixels' width from the upper border to the lower one."""
    picture = np.full((100, 80), PAPER, np.uint8)
    picture[:28, 14:78] = INK
    for row in range(28, 100):
        left = 50 - (row - 28) // 2
        picture[row, left : left + 28] = INK
    return picture


@pytest.mark.parametrize("is_light", [True, False])
def test_bold_digit(is_light: bool) -> None:
    """Its paper is the tone around it, whether darker or lighter, though ink covers as much."""
    picture = _bold_seven() if is_light else ~_bold_seven()

    paper = measure_close_crop(picture)

    assert paper is not None
    assert (paper.is_even, paper.is_light) == (True, is_light)
    assert paper.surface.item() == (PAPER if is_light else 255 - PAPER)


def _shaded() -> Grey:
    """Draw levels that are not two tones."""
    return np.tile(np.arange(100, dtype=np.uint8), (100, 1))


def _table_edge() -> Grey:
    """Draw a dark table along one side."""
    picture = np.full((100, 100), PAPER, np.uint8)
    picture[:, :40] = INK
    return picture


def _shadow() -> Grey:
    """Draw a shadow over a corner, from the upper border to the lower one."""
    picture = np.full((100, 100), PAPER, np.uint8)
    for row in range(100):
        picture[row, : 4 + row * 8 // 10] = INK
    return picture


def _sheet() -> Grey:
    """Draw a light sheet with a line on it that fills a dark picture but for a rim."""
    picture = np.full((100, 100), INK, np.uint8)
    picture[5:95, 5:95] = PAPER
    picture[30:70, 48:52] = INK
    return picture


def _small_digit() -> Grey:
    """Draw a block in the middle."""
    picture = np.full((100, 100), PAPER, np.uint8)
    picture[30:70, 40:60] = INK
    return picture


def _two_digits() -> Grey:
    """Draw two bars from border to border."""
    picture = np.full((100, 100), PAPER, np.uint8)
    picture[:, 10:30] = picture[:, 60:80] = INK
    return picture


@pytest.mark.parametrize(
    "make",
    [_shaded, _table_edge, _shadow, _sheet, _small_digit, _two_digits],
    ids=lambda make: make.__name__,
)
def test_something_else(make: Callable[[], Grey]) -> None:
    """Tables, shadows, sheets, several digits and small ones are no digits that fill the picture."""
    assert measure_close_crop(make()) is None


def test_blank() -> None:
    """A picture of one level has no tones to part."""
    assert measure_close_crop(np.full((50, 50), PAPER, np.uint8)) is None
