"""Tests of the fast convolution against Keras's own, and of the probabilities of ten digits."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from training.layers import BlockConv2D, DigitProbabilities

pytestmark = pytest.mark.tensorflow


def pair(shape: tuple[int, int, int], kernel_size: int) -> tuple[keras.Layer, keras.Layer]:
    """Build the fast layer and Keras's with the same random weights, biases too."""
    layers = [
        layer(6, kernel_size, padding="same", activation="relu")
        for layer in (BlockConv2D, keras.layers.Conv2D)
    ]
    generator = np.random.default_rng(1)
    for layer in layers:
        layer.build((None, *shape))
    weights = [generator.normal(size=weight.shape) for weight in layers[0].get_weights()]
    for layer in layers:
        layer.set_weights(weights)
    return layers[0], layers[1]


class TestBlockConv2D:
    """Of `BlockConv2D`."""

    @pytest.mark.parametrize(
        ("shape", "kernel_size"),
        [((28, 28, 1), 5), ((12, 8, 1), 5), ((7, 7, 1), 5), ((28, 28, 1), 3), ((14, 14, 4), 5)],
        ids=["blocks", "not-square", "odd-size", "kernel-3", "four-channels"],
    )
    def test_computes_what_keras_computes(
        self, shape: tuple[int, int, int], kernel_size: int
    ) -> None:
        """The same maps up to rounding, also where blocks do not apply."""
        ours, theirs = pair(shape, kernel_size)
        images = np.random.default_rng(2).random((3, *shape), dtype=np.float32)

        np.testing.assert_allclose(ours(images), theirs(images), atol=1e-5)

    def test_has_the_gradients_of_keras(self) -> None:
        """For kernel and bias."""
        images = np.random.default_rng(2).random((3, 28, 28, 1), dtype=np.float32)
        gradients = []
        for layer in pair((28, 28, 1), 5):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(layer(images) ** 2)
            gradients.append(tape.gradient(loss, [weight.value for weight in layer.weights]))

        for ours, theirs in zip(*gradients, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)

    def test_has_the_weights_of_keras(self) -> None:
        """Shapes and names, so that weights go from one to the other."""
        ours, theirs = pair((28, 28, 1), 5)

        assert [weight.shape for weight in ours.weights] == [(5, 5, 1, 6), (6,)]
        assert [weight.name for weight in ours.weights] == [w.name for w in theirs.weights]


class TestDigitProbabilities:
    """Of `DigitProbabilities`."""

    def test_spreads_what_is_no_digit(self) -> None:
        """Half a 7, half no digit: 0.55 for the 7 and 0.05 for each of the others."""
        logits = np.full((1, 11), -100, np.float32)
        logits[0, [7, 10]] = 0
        expected = np.full((1, 10), 0.05)
        expected[0, 7] = 0.55

        np.testing.assert_allclose(DigitProbabilities()(logits), expected, atol=1e-6)

    def test_divides_by_the_temperature(self) -> None:
        """Logits twice as large at temperature 2 give the same."""
        logits = np.random.default_rng(1).normal(size=(5, 11)).astype(np.float32)

        probabilities = DigitProbabilities(2.0)(2 * logits)

        np.testing.assert_allclose(probabilities, DigitProbabilities()(logits), atol=1e-6)
        np.testing.assert_allclose(np.sum(probabilities, axis=1), 1, atol=1e-6)

    def test_is_saved_with_its_temperature(self, tmp_path: Path) -> None:
        """Keras loads it back without being told of the class."""
        inputs = keras.Input((11,))
        network = keras.Model(inputs, DigitProbabilities(1.75)(inputs))
        network.save(tmp_path / "network.keras")

        loaded = keras.models.load_model(tmp_path / "network.keras")

        assert loaded.layers[-1].temperature == 1.75
