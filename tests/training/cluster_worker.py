"""A worker for tests: `python -m tests.training.cluster_worker RUN_DIR STRATEGY RECIPE [EPOCH_TO_DIE_IN]`.

Trains on 259 digits of the embedded bundle: `batch` draws no random masks, `masked` does.
"""

import os
import signal
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import keras
import tensorflow as tf
from keras import layers

from training import commands
from training.data import Mnist, mnist_from_bundle
from training.recipes import INPUT_SHAPE, RECIPES, LayerBuilder, Recipe
from training.replicas import Replicas

BUNDLE = Path(__file__).parents[2] / "models" / "textbook" / "1"


def _network(name: str, convolution: LayerBuilder, rate: float = 0) -> Any:
    chain = [
        convolution(2, (5, 5), padding="same", activation="relu"),
        layers.BatchNormalization(),
        layers.MaxPooling2D((4, 4)),
        layers.Flatten(),
        layers.Dropout(rate),
        layers.Dense(10, activation="softmax"),
    ]
    return keras.Sequential([keras.Input(INPUT_SHAPE), *chain], name=name)


BATCH = Recipe("batch", "Batch-normalised.", _network, batch_size=30, epochs=3)
MASKED = replace(BATCH, name="masked", build=partial(_network, rate=0.25), batch_size=6)


def few_digits() -> Mnist:
    """Return 259 digits, of which 207 are trained on: six whole steps and one of 27."""
    digits = mnist_from_bundle(BUNDLE)
    return replace(
        digits,
        train_images=digits.train_images[:259],
        train_labels=digits.train_labels[:259],
        test_images=digits.test_images[:200],
        test_labels=digits.test_labels[:200],
    )


def _die_in(fatal: int) -> None:
    """Have this process killed when that epoch begins."""
    fit_epoch = Replicas.fit_epoch

    def fit_or_die(*arguments: Any, epoch: int, **options: Any) -> dict[str, float]:
        if epoch == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return fit_epoch(*arguments, epoch=epoch, **options)

    Replicas.fit_epoch = fit_or_die  # type: ignore[method-assign]  # only here


def main(out: str, strategy: str, recipe: str, *fatal: str) -> int:
    """Run the command `train`."""
    if strategy == "mirrored":
        processor = tf.config.list_physical_devices("CPU")[0]
        devices = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(processor, devices)
    for epoch in fatal:
        _die_in(int(epoch))
    RECIPES.update({BATCH.name: BATCH, MASKED.name: MASKED})
    command = ["train", "--recipe", recipe, "--seed", "1", "--out", out]
    with mock.patch("training.commands.load_mnist", few_digits):
        return commands.main([*command, "--strategy", strategy])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
