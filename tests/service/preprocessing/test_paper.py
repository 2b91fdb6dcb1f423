"""Paper: its brightness, its grain, and the side of the ink."""

import numpy as np
import pytest

from service.preprocessing.decoding import Grey
from service.preprocessing.even_paper import measure_even_paper
from service.preprocessing.geometry import Box
from service.preprocessing.paper import MAX_NOISE_FLOOR, WHOLE, median, noise_floor, region_of
from service.preprocessing.uneven_paper import measure_uneven_paper

RNG = np.random.default_rng(3)


def _bar(paper: Grey, change: int) -> Grey:
    """Draw a bar on paper, darker or brighter by `change`."""
    picture = paper.astype(int)
    picture[20:80, 45:55] += change
    return picture.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("change", [-90, 90])
def test_even(change: int) -> None:
    """The paper's level and the side of the ink are read off the histogram."""
    paper = measure_even_paper(_bar(np.full((100, 100), 120, np.uint8), change))

    assert paper is not None
    assert (float(paper.surface[0, 0]), paper.is_light, paper.is_even) == (120, change < 0, True)


def test_even_with_grain() -> None:
    """Grain spreads the levels of even paper, and raises the floor."""
    grain = np.clip(RNG.normal(150, 9, (100, 100)), 0, 255).astype(np.uint8)

    paper = measure_even_paper(_bar(grain, -100))

    assert paper is not None
    assert float(paper.surface[0, 0]) == pytest.approx(150, abs=3)
    assert 25 < paper.floor <= MAX_NOISE_FLOOR


def test_tiny() -> None:
    """On a tiny picture the paper is what lies at the left and the right."""
    picture = np.full((12, 8), 30, np.uint8)
    picture[:, 1:7] = 220

    paper = measure_even_paper(picture)

    assert paper is not None
    assert (float(paper.surface[0, 0]), paper.is_light) == (30, False)


@pytest.mark.parametrize("change", [-60, 60])
def test_uneven(change: int) -> None:
    """Light from one side is no ink; the bar is, on its side, and in a crop as in the whole."""
    light = np.tile(np.linspace(80, 190, 100), (100, 1)).astype(np.uint8)
    picture, crop = _bar(light, change), Box(40, 10, 70, 90)

    paper = measure_uneven_paper(picture)
    contrast = paper.contrast(picture, WHOLE)
    cropped = paper.contrast(picture[crop.slices], region_of(crop, picture.shape))

    assert measure_even_paper(picture) is None
    assert paper.is_light is (change < 0)
    assert contrast[30:70, 47:53].min() > 45
    assert np.median(contrast[:, :40]) <= paper.floor
    assert np.abs(cropped.astype(int) - contrast[crop.slices]).max() <= 1


def test_wide_strokes_on_uneven_paper() -> None:
    """Strokes that fill the near neighbourhood are told by the wider one."""
    light = np.tile(np.linspace(120, 190, 100), (100, 1)).astype(np.uint8)
    light[30:70, 40:54] -= 60

    assert measure_uneven_paper(light).is_light


def test_bare_uneven_paper() -> None:
    """Light from one side alone leaves no contrast."""
    light = np.tile(np.linspace(80, 190, 100), (100, 1)).astype(np.uint8)
    grainy = np.clip(light + RNG.normal(0, 6, light.shape), 0, 255).astype(np.uint8)

    bare, grained = measure_uneven_paper(light), measure_uneven_paper(grainy)

    assert bare.contrast(light, WHOLE).max() <= bare.floor
    assert 0.3 < (grained.contrast(grainy, WHOLE) > 0).mean() < 0.7  # in the midst of the grain


def test_noise_floor_is_bounded() -> None:
    """The floor follows the grain between its bounds."""
    floors = [noise_floor(np.full(9, deviation)) for deviation in (0.0, 4.0, 90.0)]

    assert floors == [12, pytest.approx(4 * 1.4826 * 4), 40]


@pytest.mark.parametrize("shape", [(1,), (2,), (7, 11), (8, 10)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_median(shape: tuple[int, ...], dtype: type[np.floating]) -> None:
    """Of an odd and an even number of values, of one axis or two."""
    values = RNG.normal(0, 30, shape).astype(dtype)

    assert median(values) == np.median(values)
