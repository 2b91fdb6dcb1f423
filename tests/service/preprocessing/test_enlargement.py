"""Tiny pictures that were shown large."""

import numpy as np
import pytest
from PIL import Image

from service.preprocessing.decoding import Grey
from service.preprocessing.enlargement import block_side, is_enlarged

SEVEN = np.zeros((8, 8), np.uint8)
SEVEN[0, 1:7] = SEVEN[1:4, 6] = SEVEN[4:, 4] = 240
SEVEN[3:5, 5] = SEVEN[7, 3] = 90


def _repeated(grey: Grey, times: int) -> Grey:
    """Repeat each pixel across and down."""
    return grey.repeat(times, axis=0).repeat(times, axis=1)


def _smooth(grey: Grey, side: int) -> Grey:
    """Enlarge to a square without steps."""
    return np.asarray(Image.fromarray(grey).resize((side, side), Image.Resampling.BICUBIC))


class TestBlockSide:
    """`block_side`."""

    @pytest.mark.parametrize("times", [2, 10, 50])
    def test_repeated(self, times: int) -> None:
        """Pixels of eight that were repeated are told by their size."""
        assert block_side(_repeated(SEVEN, times)) == times

    def test_change_off_the_middle(self) -> None:
        """One pixel between the blocks, far from the middle lines, leaves no blocks."""
        picture = _repeated(SEVEN, 10)
        picture[3, 3] = 99

        assert block_side(picture) == 1

    @pytest.mark.parametrize(
        "picture",
        [
            _smooth(SEVEN, 80),
            SEVEN,
            np.full((80, 80), 7, np.uint8),
            _repeated(np.eye(4, dtype=np.uint8), 20),
            _repeated(np.eye(40, dtype=np.uint8), 2),
            _repeated(SEVEN, 10)[:79],
        ],
        ids=["smooth", "as it is", "blank", "too few", "too many", "no whole blocks"],
    )
    def test_none(self, picture: Grey) -> None:
        """Smooth and blank pictures have no blocks that tell, nor are very few or many blocks a tiny picture."""
        assert block_side(picture) == 1


class TestIsEnlarged:
    """`is_enlarged`."""

    @pytest.mark.parametrize("ink", ["dark", "light"])
    def test_smooth(self, ink: str) -> None:
        """A picture of eight pixels that was enlarged without steps is told, whatever its polarity."""
        large = _smooth(SEVEN, 96)

        assert is_enlarged(large if ink == "light" else ~large)

    def test_sharp(self) -> None:
        """Sharp strokes are no enlarged ones."""
        assert not is_enlarged(_repeated(SEVEN, 12))

    def test_tiny(self) -> None:
        """A tiny picture is not large."""
        assert not is_enlarged(SEVEN)

    def test_faint(self) -> None:
        """What has little contrast may be light that falls off."""
        assert not is_enlarged(_smooth(SEVEN // 4, 96))

    def test_gradient(self) -> None:
        """Light that falls off to both sides leaves too little flat paper."""
        light = np.clip(270 - 7 * np.abs(np.arange(96) - 47.5), 0, 255).astype(np.uint8)

        assert not is_enlarged(np.tile(light, (96, 1)))

    def test_paper_in_the_midst_of_levels(self) -> None:
        """Where paper has both darker and brighter marks it is a photograph."""
        marks = np.full((8, 8), 120, np.uint8)
        marks[1:3, 2:6], marks[5:7, 2:6] = 240, 0

        assert not is_enlarged(_smooth(marks, 96))

    def test_half_in_shadow(self) -> None:
        """A soft shadow that covers one side is none."""
        shadow = np.zeros((8, 8), np.uint8)
        shadow[:, :4] = 200

        assert not is_enlarged(_smooth(shadow, 96))
