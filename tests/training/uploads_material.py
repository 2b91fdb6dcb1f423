"""A small world of uploads: shards of twenty pictures, made in this process, and a recipe fed with them."""

import concurrent.futures
from pathlib import Path
from typing import Any

import keras
import pytest
from keras import layers

from training.recipes import INPUT_SHAPE, Diet, LayerBuilder, Recipe

SHARD = 20


class InProcess(concurrent.futures.ThreadPoolExecutor):
    """Stands for the pool of processes, which would not see a patch."""

    def __init__(self, _workers: int, _context: Any, _initializer: Any) -> None:
        super().__init__(1)


def make_small(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    """Cache in a folder of the test, in shards of twenty; validate on forty pictures."""
    monkeypatch.setenv("DIGITSERVE_CACHE", str(cache))
    monkeypatch.setattr("training.corpus.SHARD", SHARD)
    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", InProcess)
    monkeypatch.setattr("training.upload_sets.NUM_VALIDATION_DIGITS", 2 * SHARD)
    monkeypatch.setattr("training.upload_sets.NUM_VALIDATION_OTHERS", SHARD)


def _network(name: str, _convolution: LayerBuilder) -> Any:
    """Eleven logits of a normalised convolution, with dropout."""
    inputs = keras.Input(INPUT_SHAPE)
    maps = layers.Conv2D(4, 5, strides=4, use_bias=False)(inputs)
    maps = layers.ReLU()(layers.BatchNormalization()(maps))
    logits = layers.Dense(11)(layers.Dropout(0.1)(layers.Flatten()(maps)))
    return keras.Model(inputs, logits, name=name)


def _optimizer(steps: int) -> Any:
    """AdamW whose rate sinks over the run."""
    return keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(0.01, steps))


FED = Recipe(
    "fed",
    "A network for tests, trained on uploads.",
    _network,
    one_hot=False,
    optimizer=_optimizer,
    batch_size=10,
    epochs=3,
    diet=Diet(mnist=60, uploads=30, others=10, corpus_digits=40, corpus_others=20),
)
