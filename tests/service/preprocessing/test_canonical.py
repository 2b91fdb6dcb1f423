"""The canonical form: what passes untouched, and how strokes are weighed."""

import numpy as np
import pytest
from PIL import Image

from service.preprocessing.canonical import canonical_box, normalise, place, stroke_width
from service.preprocessing.decoding import Grey


@pytest.fixture
def digit() -> Grey:
    """A canonical bar: 20 high and 4 wide, in the middle."""
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 12:16] = 255
    return image


class TestIsCanonical:
    """`canonical_box`."""

    def test_canonical(self, digit: Grey) -> None:
        """The bar passes."""
        assert canonical_box(digit)

    def test_other_size(self, digit: Grey) -> None:
        """Another size does not."""
        assert not canonical_box(np.pad(digit, 1))

    def test_dark_on_light(self, digit: Grey) -> None:
        """Dark ink does not."""
        assert not canonical_box(255 - digit)

    def test_faint(self, digit: Grey) -> None:
        """Faint ink does not, nor does a black picture."""
        assert not canonical_box(digit // 4)
        assert not canonical_box(digit * 0)

    def test_shifted(self, digit: Grey) -> None:
        """A digit that is off the centre does not."""
        assert not canonical_box(np.roll(digit, 3, axis=1))

    def test_small(self, digit: Grey) -> None:
        """A digit that does not fill the box does not."""
        digit[:10] = digit[18:] = 0

        assert not canonical_box(digit)

    def test_grain(self, digit: Grey) -> None:
        """A background with grain does not."""
        grain = np.random.default_rng(0).integers(0, 9, digit.shape, np.uint8)

        assert not canonical_box(np.maximum(digit, grain))

    def test_edge(self) -> None:
        """A lopsided digit may touch the border; one with an edge along it does not pass."""
        lopsided = np.zeros((28, 28), np.uint8)
        lopsided[1:20, 13:15] = 60
        lopsided[11:20, 9:19] = 255
        touching, edged = lopsided.copy(), lopsided.copy()
        touching[0, 13:15] = edged[0, 4:24] = 30

        assert canonical_box(touching)
        assert not canonical_box(edged)


class TestNormalise:
    """`normalise`."""

    @pytest.mark.parametrize(
        ("pen", "step", "low", "high"),
        [(2, "strokes-thickened", 2, 3), (20, None, 2, 3), (70, "strokes-thinned", 5, 7)],
    )
    def test_stroke_weight(self, pen: int, step: str | None, low: int, high: int) -> None:
        """The strokes of a cross of 180 pixels come nearer to MNIST's width."""
        crop = np.zeros((180, 180), np.uint8)
        crop[:, 90 - pen // 2 : 90 + pen // 2] = crop[90 - pen // 2 : 90 + pen // 2] = 255

        canonical, changed = normalise(crop)

        assert changed == step
        assert low <= int((canonical[5] > 127).sum()) <= high

    def test_thinning_that_leaves_nothing(self) -> None:
        """A block is thinned; one with pin-holes, which thinning would widen until nothing is left, stays."""
        block = np.full((100, 100), 255, np.uint8)
        pierced = block.copy()
        pierced[16::17, 16::17] = 0

        assert normalise(block)[1] == "strokes-thinned"
        assert normalise(pierced)[1] is None

    def test_edge_of_a_tiny_digit_fades(self) -> None:
        """A pale row at the end of a tiny stroke fades out, and is not drawn out over its whole pixels."""
        crop = np.full((8, 2), 255, np.uint8)
        crop[7] = 80

        canonical, _ = normalise(crop)

        stroke = canonical[:, canonical.max(axis=0).argmax()]
        assert stroke[stroke > 0][-2] < 80


def test_stroke_width() -> None:
    """A long bar of 6 pixels is about 6 wide; no ink has no width."""
    mask = np.zeros((200, 30), bool)
    mask[10:190, 10:16] = True

    assert stroke_width(mask) == pytest.approx(6, abs=0.3)
    assert stroke_width(mask & False) == 0


def test_place_keeps_the_aspect() -> None:
    """A bar of 100x20 becomes one of 20x4, with full ink, centred."""
    canonical = place(np.full((100, 20), 255, np.uint8))

    assert Image.fromarray(canonical).getbbox() == (12, 4, 16, 24)
    assert canonical.max() == 255
