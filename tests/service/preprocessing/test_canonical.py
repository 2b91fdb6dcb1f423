"""The canonical form: what passes untouched, and how strokes are weighed."""

import numpy as np
import pytest
from PIL import Image

from service.preprocessing.canonical import is_canonical, place, stroke_weight
from service.preprocessing.decoding import Grey


@pytest.fixture
def digit() -> Grey:
    """A canonical bar: 20 high and 4 wide, in the middle."""
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 12:16] = 255
    return image


class TestIsCanonical:
    """`is_canonical`."""

    def test_canonical(self, digit: Grey) -> None:
        """The bar passes."""
        assert is_canonical(digit)

    def test_other_size(self, digit: Grey) -> None:
        """Another size does not."""
        assert not is_canonical(np.pad(digit, 1))

    def test_dark_on_light(self, digit: Grey) -> None:
        """Dark ink does not."""
        assert not is_canonical(255 - digit)

    def test_faint(self, digit: Grey) -> None:
        """Faint ink does not, nor does a black picture."""
        assert not is_canonical(digit // 4)
        assert not is_canonical(digit * 0)

    def test_shifted(self, digit: Grey) -> None:
        """A digit that is off the centre does not."""
        assert not is_canonical(np.roll(digit, 3, axis=1))

    def test_small(self, digit: Grey) -> None:
        """A digit that does not fill the box does not."""
        digit[:10] = digit[18:] = 0

        assert not is_canonical(digit)

    def test_grain(self, digit: Grey) -> None:
        """A background with grain does not."""
        grain = np.random.default_rng(0).integers(0, 9, digit.shape, np.uint8)

        assert not is_canonical(np.maximum(digit, grain))

    def test_edge(self) -> None:
        """A lopsided digit may touch the border; one with an edge along it does not pass."""
        lopsided = np.zeros((28, 28), np.uint8)
        lopsided[1:20, 13:15] = 60
        lopsided[11:20, 9:19] = 255
        touching, edged = lopsided.copy(), lopsided.copy()
        touching[0, 13:15] = edged[0, 4:24] = 30

        assert is_canonical(touching)
        assert not is_canonical(edged)


class TestStrokeWeight:
    """`stroke_weight`."""

    def test_thin_pen(self) -> None:
        """A hairline of 2 in 200 pixels grows to about two canonical pixels: 20 of 200."""
        crop = np.zeros((200, 60), np.uint8)
        crop[:, 29:31] = 255

        thick, is_thicker = stroke_weight(crop)

        assert is_thicker
        assert 16 <= int((thick[thick.shape[0] // 2] > 127).sum()) <= 22

    def test_thick_pen(self) -> None:
        """A marker stays as it is."""
        crop = np.full((200, 40), 255, np.uint8)

        thick, is_thicker = stroke_weight(crop)

        assert not is_thicker
        assert thick is crop

    def test_faint(self) -> None:
        """Ink that is too faint to measure stays as it is."""
        crop = np.full((200, 2), 100, np.uint8)

        assert stroke_weight(crop) == (crop, False)


def test_place_keeps_the_aspect() -> None:
    """A bar of 100x20 becomes one of 20x4, with full ink, centred."""
    canonical = place(np.full((100, 20), 255, np.uint8))

    assert Image.fromarray(canonical).getbbox() == (12, 4, 16, 24)
    assert canonical.max() == 255
