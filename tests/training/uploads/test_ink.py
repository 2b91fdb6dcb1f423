"""Ink: pens of any width, and the middle line that they follow."""

import numpy as np
import numpy.typing as npt
import pytest

from training.uploads.ink import Pen, Place, write
from training.uploads.thinning import thin

STILL = Place(height=(0.6, 0.6), spread=0, tilt=0, slant=0, bend=0)


@pytest.fixture
def bar() -> npt.NDArray[np.uint8]:
    """A vertical bar of MNIST's size, 20 high and 4 wide."""
    digit = np.zeros((28, 28), np.uint8)
    digit[4:24, 12:16] = 255
    return digit


class TestThin:
    """`thin`."""

    def test_bar(self) -> None:
        """A bar becomes a line one pixel wide, nearly as long."""
        image = np.zeros((40, 40), np.uint8)
        image[5:35, 16:24] = 1

        line = thin(image)

        assert line.sum(axis=1).max() == 1
        assert line.sum() >= 20

    def test_ring(self) -> None:
        """A ring stays a ring."""
        y, x = np.mgrid[:40, :40] - 20
        image = (np.abs(np.hypot(x, y) - 12) < 4).astype(np.uint8)

        line = thin(image)

        assert line[20, :20].sum() == line[20, 20:].sum() == 1


class TestWrite:
    """`write`."""

    @pytest.mark.parametrize("width", [0.03, 0.08, 0.16])
    def test_pen_width(self, bar: npt.NDArray[np.uint8], width: float) -> None:
        """A line has the width that was asked for, in parts of the digit's height."""
        ink = write(bar, (300, 300), np.random.default_rng(0), Pen(width), STILL)

        assert ink[150].sum() == pytest.approx(width * 180, rel=0.35)

    def test_own_strokes(self, bar: npt.NDArray[np.uint8]) -> None:
        """Without a width, strokes keep their share of the digit's height."""
        ink = write(bar, (300, 300), np.random.default_rng(0), Pen(), STILL)

        assert ink[150].sum() == pytest.approx(180 * 4 / 20, rel=0.25)

    def test_weight(self, bar: npt.NDArray[np.uint8]) -> None:
        """A heavier pen leaves more ink."""
        light, heavy = (
            write(bar, (200, 200), np.random.default_rng(0), Pen(weight=weight), STILL).sum()
            for weight in (-0.02, 0.02)
        )

        assert heavy > 1.2 * light

    def test_overhang(self, bar: npt.NDArray[np.uint8]) -> None:
        """A digit that hangs over reaches a border."""
        place = Place(height=(0.6, 0.6), overhang=0.05)

        ink = write(bar, (200, 200), np.random.default_rng(0), Pen(), place)

        assert max(ink[0].max(), ink[-1].max(), ink[:, 0].max(), ink[:, -1].max()) > 0.5

    def test_blank(self) -> None:
        """A digit without ink is refused in words."""
        with pytest.raises(ValueError, match="blank"):
            write(np.zeros((28, 28), np.uint8), (100, 100), np.random.default_rng(0))
