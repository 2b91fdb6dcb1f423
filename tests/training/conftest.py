"""Small digits and a small recipe, so that a run takes a second."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import pytest
from keras import layers

from tests.training.uploads_material import FED, make_small
from training.data import Mnist, mnist_from_bundle
from training.recipes import INPUT_SHAPE, LayerBuilder, Recipe
from training.run import TrainedRun, train

ROOT = Path(__file__).parents[2]
# Keras 3.15 saves weights through an old form of NumPy's array protocol; nothing of ours.
KERAS_ON_NUMPY_2 = "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let Keras's own deprecation pass in this folder; every other warning stays an error."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.filterwarnings(KERAS_ON_NUMPY_2))


def _tiny_network(name: str, convolution: LayerBuilder) -> Any:
    chain = [
        convolution(2, (5, 5), padding="same", activation="relu"),
        layers.MaxPooling2D((4, 4)),
        layers.Dropout(0.25),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
    ]
    return keras.Sequential([keras.Input(INPUT_SHAPE), *chain], name=name)


TINY = Recipe("tiny", "A network for tests.", _tiny_network, batch_size=5, epochs=3)


@pytest.fixture(scope="session")
def digits() -> Mnist:
    """The digits of the embedded bundle: 1,000 to train and validate on, 10,000 to test."""
    return mnist_from_bundle(ROOT / "models" / "textbook" / "1")


@pytest.fixture(scope="session")
def few_digits(digits: Mnist) -> Mnist:
    """150 digits to train and validate on, 40 to test."""
    return replace(
        digits,
        train_images=digits.train_images[:150],
        train_labels=digits.train_labels[:150],
        test_images=digits.test_images[:40],
        test_labels=digits.test_labels[:40],
    )


@pytest.fixture(scope="session")
def tiny() -> Recipe:
    """A recipe that trains in a second."""
    return TINY


@pytest.fixture(scope="session")
def tiny_run(few_digits: Mnist, tmp_path_factory: pytest.TempPathFactory) -> TrainedRun:
    """A finished run of the tiny recipe with seed 1; not to be changed."""
    return train(TINY, tmp_path_factory.mktemp("tiny-1"), few_digits, seed=1)


@pytest.fixture(scope="session")
def uploads_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the small corpora are kept for the session."""
    return tmp_path_factory.mktemp("uploads-cache")


@pytest.fixture
def small_uploads(uploads_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Render few uploads, in this process, and keep them for the session."""
    make_small(monkeypatch, uploads_cache)


@pytest.fixture(scope="session")
def fed_run(
    few_digits: Mnist, uploads_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> TrainedRun:
    """A finished run of the recipe that is fed with uploads, with seed 1; not to be changed."""
    with pytest.MonkeyPatch.context() as patch:
        make_small(patch, uploads_cache)
        return train(FED, tmp_path_factory.mktemp("fed-1"), few_digits, seed=1)
