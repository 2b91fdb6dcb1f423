"""Tests of the layers: each equals NumPy's arithmetic on the one before, with the weights shown."""

import numpy as np
import numpy.typing as npt
import pytest

from service.bundle import LITERT_PROGRAM, VALIDATION_SET
from service.engines.litert import LiteRTEngine
from service.explanation import Layer, Network
from tests.bundles import MODELS
from training.worked_examples import convolve_same, max_pool

Floats = npt.NDArray[np.float32]


def _digit() -> npt.NDArray[np.uint8]:
    """Return a validation digit, uint8 [28, 28]."""
    with np.load(MODELS / "textbook/1" / VALIDATION_SET) as arrays:
        image: npt.NDArray[np.uint8] = arrays["images"][0]
    return image


def _explain(model: str) -> dict[str, Layer]:
    """Send the digit through a model; the layers by name."""
    layers = Network(MODELS / model / "1" / LITERT_PROGRAM).explain(_digit())
    return {layer.name: layer for layer in layers}


@pytest.fixture(scope="module")
def textbook() -> dict[str, Layer]:
    """The layers of the chapter's network."""
    return _explain("textbook")


@pytest.fixture(scope="module")
def digits() -> dict[str, Layer]:
    """The layers of the default network."""
    return _explain("digits")


def _weights(layer: Layer) -> tuple[Floats, Floats]:
    """Return kernel and bias of a layer that has them."""
    assert layer.kernel is not None
    assert layer.bias is not None
    return layer.kernel, layer.bias


class TestTextbook:
    """The chapter's network."""

    def test_layers(self, textbook: dict[str, Layer]) -> None:
        """The layers of section 8.3, with the shapes and parameters that the chapter prints."""
        found = {it.name: (it.activations.shape, it.num_parameters) for it in textbook.values()}

        assert found == {
            "input": ((28, 28, 1), 0),
            "convolution_1": ((28, 28, 16), 416),
            "max_pool_1": ((14, 14, 16), 0),
            "convolution_2": ((14, 14, 36), 14_436),
            "max_pool_2": ((7, 7, 36), 0),
            "flatten_1": ((1764,), 0),
            "dense_1": ((128,), 225_920),
            "dense_2": ((10,), 1_290),
            "softmax_1": ((10,), 0),
        }

    def test_input(self, textbook: dict[str, Layer]) -> None:
        """The digit as it is: the scaling to 0..1 lies in the first filters."""
        np.testing.assert_array_equal(textbook["input"].activations[..., 0], _digit())

    @pytest.mark.parametrize(
        ("name", "before"), [("convolution_1", "input"), ("convolution_2", "max_pool_1")]
    )
    def test_convolution(self, name: str, before: str, textbook: dict[str, Layer]) -> None:
        """A map is the sum of the filtered maps before it and the bias, rectified."""
        kernel, bias = _weights(textbook[name])
        images = textbook[before].activations

        for at in (0, kernel.shape[-1] - 1):
            pairs = ((images[..., it], kernel[..., it, at]) for it in range(images.shape[-1]))
            total = sum(convolve_same(image, weights) for image, weights in pairs) + bias[at]
            np.testing.assert_allclose(
                textbook[name].activations[..., at], np.maximum(total, 0), atol=1e-4
            )

    def test_max_pool(self, textbook: dict[str, Layer]) -> None:
        """A map is the one before it, the largest of every two by two kept."""
        before, after = textbook["convolution_1"].activations, textbook["max_pool_1"].activations

        np.testing.assert_array_equal(after[..., 3], max_pool(before[..., 3]))

    def test_dense(self, textbook: dict[str, Layer]) -> None:
        """Hidden units are products with all flattened numbers, rectified."""
        kernel, bias = _weights(textbook["dense_1"])
        flat = textbook["max_pool_2"].activations.ravel()

        np.testing.assert_array_equal(textbook["flatten_1"].activations, flat)
        np.testing.assert_allclose(
            textbook["dense_1"].activations, np.maximum(flat @ kernel + bias, 0), atol=1e-4
        )

    def test_softmax(self, textbook: dict[str, Layer]) -> None:
        """The last layer is what the engine answers."""
        engine = LiteRTEngine(MODELS / "textbook/1" / LITERT_PROGRAM)
        powers = np.exp(textbook["dense_2"].activations)

        np.testing.assert_allclose(
            textbook["softmax_1"].activations, powers / powers.sum(), atol=1e-5
        )
        np.testing.assert_allclose(
            textbook["softmax_1"].activations, engine.predict(_digit()[np.newaxis])[0], atol=1e-5
        )


class TestDigits:
    """The default network, of other layers."""

    def test_ends_with_the_engines_probabilities(self, digits: dict[str, Layer]) -> None:
        """After a softmax of eleven comes what the engine answers."""
        engine = LiteRTEngine(MODELS / "digits/1" / LITERT_PROGRAM)

        assert list(digits)[-2:] == ["softmax_1", "probabilities_1"]
        assert digits["softmax_1"].activations.shape == (11,)
        np.testing.assert_allclose(
            digits["probabilities_1"].activations,
            engine.predict(_digit()[np.newaxis])[0],
            atol=1e-5,
        )

    def test_sum(self, digits: dict[str, Layer]) -> None:
        """A convolution adds to what came into it."""
        expected = digits["convolution_3"].activations + digits["convolution_4"].activations

        np.testing.assert_allclose(digits["add_1"].activations, expected, atol=1e-5)

    def test_depthwise_convolution(self, digits: dict[str, Layer]) -> None:
        """One filter as large as the map for each of the maps, rectified or not."""
        kernel, bias = _weights(digits["depthwise_convolution_1"])
        expected = (digits["add_2"].activations * kernel).sum(axis=(0, 1)) + bias

        found = digits["depthwise_convolution_1"].activations[0, 0]

        np.testing.assert_allclose(found, expected, atol=1e-4)
