"""Tests of networks that were trained elsewhere: what becomes a bundle, and what is refused with which words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from service.engines.litert import LiteRTEngine
from training.data import Mnist, split
from training.errors import ForeignNetworkError
from training.export import export
from training.feeding import normalise
from training.foreign import open_foreign
from training.recipes import INPUT_SHAPE

pytestmark = pytest.mark.tensorflow


def train_network(
    digits: Mnist,
    *,
    change: Callable[[Any], Any] = lambda pixels: pixels,
    activation: str = "softmax",
) -> Any:
    """Train a network of one layer on validation digits, whose pixels are changed first."""
    keras.utils.set_random_seed(1)
    _, validation = split(digits)
    network = keras.Sequential(
        [keras.Input(INPUT_SHAPE), layers.Flatten(), layers.Dense(10, activation=activation)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=activation != "softmax")
    network.compile(keras.optimizers.Adam(0.01), loss)
    pixels = change(normalise(validation.images))
    network.fit(pixels, validation.labels, batch_size=50, epochs=12, verbose=0)
    return network


@pytest.fixture(scope="module")
def network(digits: Mnist) -> Any:
    """A network that follows the chapter."""
    return train_network(digits)


def save(network: Any, path: Path) -> Path:
    """Save a network as its name says: a Keras file, or a SavedModel."""
    if path.suffix:
        network.save(path)
    else:
        network.export(path, verbose=False)
    return path


class TestOpenForeign:
    """Of `open_foreign`."""

    @pytest.mark.parametrize("name", ["theirs.keras", "theirs"])
    def test_becomes_a_bundle(self, name: str, network: Any, digits: Mnist, tmp_path: Path) -> None:
        """A Keras file and a SavedModel become bundles whose programs answer as the network does."""
        run = open_foreign(save(network, tmp_path / name), digits)

        bundle = export(run, digits, tmp_path / "models" / "theirs" / "1")

        images = digits.test_images[:100]
        expected = network.predict(normalise(images), verbose=0)
        found = LiteRTEngine(bundle.litert_program).predict(images)
        assert np.abs(found - expected).max() < 1e-4
        assert (bundle.manifest.recipe, bundle.manifest.parameters) == ("imported", 7850)
        assert bundle.manifest.metrics.test.accuracy > 0.6

    @pytest.mark.parametrize(
        ("change", "hint"),
        [
            (lambda pixels: pixels * 255, "Rescaling\\(255\\)"),
            (lambda pixels: 1 - pixels, "dark ink on light paper"),
        ],
    )
    def test_other_pixels(
        self, change: Callable[[Any], Any], hint: str, digits: Mnist, tmp_path: Path
    ) -> None:
        """A network that was fed other pixels is refused, with what to do about it."""
        path = save(train_network(digits, change=change), tmp_path / "theirs.keras")

        with pytest.raises(ForeignNetworkError, match=hint):
            open_foreign(path, digits)

    def test_logits(self, digits: Mnist, tmp_path: Path) -> None:
        """A network without a softmax is told to end with one."""
        path = save(train_network(digits, activation="linear"), tmp_path / "theirs.keras")

        with pytest.raises(ForeignNetworkError, match="End it with a softmax"):
            open_foreign(path, digits)

    def test_untrained(self, digits: Mnist, tmp_path: Path) -> None:
        """A network that has learned nothing is told so."""
        keras.utils.set_random_seed(1)
        chain = [keras.Input(INPUT_SHAPE), layers.Flatten(), layers.Dense(10, activation="softmax")]

        with pytest.raises(ForeignNetworkError, match="Train it on such digits"):
            open_foreign(save(keras.Sequential(chain), tmp_path / "theirs.keras"), digits)

    def test_other_shapes(self, digits: Mnist, tmp_path: Path) -> None:
        """A network for other pictures is told which are expected."""
        chain = [keras.Input((32, 32, 3)), layers.Flatten(), layers.Dense(10)]

        with pytest.raises(ForeignNetworkError, match=r"maps \[32, 32, 3\] to \[10\]"):
            open_foreign(save(keras.Sequential(chain), tmp_path / "theirs.keras"), digits)

    @pytest.mark.parametrize("name", ["theirs.keras", "missing.keras"])
    def test_no_keras_file(self, name: str, digits: Mnist, tmp_path: Path) -> None:
        """A file that is none, or is not there, is refused without the library's words."""
        (tmp_path / "theirs.keras").write_bytes(b"no zip")

        with pytest.raises(ForeignNetworkError, match="is no Keras file"):
            open_foreign(tmp_path / name, digits)

    def test_bundle_of_ours(self, digits: Mnist) -> None:
        """A SavedModel with another signature, such as a bundle's, is refused: it takes uint8."""
        bundle = Path(__file__).parents[2] / "models/textbook/1"

        with pytest.raises(ForeignNetworkError, match="takes float32"):
            open_foreign(bundle, digits)
