"""Tests of the pictures of an explanation."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from service.explanation import Layer, Saliency, draw_layer, draw_saliency


def _pixels(png: bytes) -> npt.NDArray[np.uint8]:
    """Decode a picture, one pixel for each of its squares of four by four."""
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        return np.asarray(image)[::4, ::4]


def _layer(activations: npt.ArrayLike) -> Layer:
    return Layer("any_1", "any", np.asarray(activations, np.float32))


class TestDrawLayer:
    """Of `draw_layer`."""

    def test_maps_lie_in_a_grid(self) -> None:
        """Three maps of one pixel: two above, one below; 0 is black, the highest white."""
        found = _pixels(draw_layer(_layer([[[0, 2, 4]]])))

        np.testing.assert_array_equal(found, [[0, 64, 128], [64, 64, 64], [255, 64, 64]])

    def test_numbers_are_a_row(self) -> None:
        """What is flattened has no maps; what is below 0 is black."""
        found = _pixels(draw_layer(_layer([-1, 1, 0.5])))

        np.testing.assert_array_equal(found, [[0, 255, 128]])

    def test_nothing_is_black(self) -> None:
        """A layer that is silent divides by nothing."""
        np.testing.assert_array_equal(_pixels(draw_layer(_layer([0, 0]))), [[0, 0]])


class TestDrawSaliency:
    """Of `draw_saliency`."""

    def test_colours(self) -> None:
        """Ink for the class is blue, against it red, ink that says nothing grey, paper white."""
        digit = np.zeros((28, 28), np.uint8)
        digit[0, :3] = 255
        evidence = np.zeros((28, 28), np.float32)
        evidence[0, :2] = 2, -2

        found = _pixels(draw_saliency(digit, Saliency(7, evidence)))

        assert found[0, :4].tolist() == [
            [0, 90, 181],
            [220, 50, 32],
            [128, 128, 128],
            [255, 255, 255],
        ]
