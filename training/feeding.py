"""Feeds a network: digits held once as tensors, batches gathered in the order that an epoch asks.

Keras's own feeding copies all digits anew in every epoch, and often waits at the end: its tf.data
pipeline has a thread that tunes it and looks up after 10 ms, 20 ms, 40 ms and so on, and closing the
pipeline waits for it. An epoch whose work took 4.1 s was measured to end after 5.2 s, one of 17 s after
20.7 s. There is nothing to tune here.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from training.augmentation import augment
from training.corpus import NOT_A_DIGIT, Corpus
from training.data import Images, Labels, Mnist, Split, split
from training.recipes import NUM_CLASSES, Diet, Recipe
from training.upload_sets import training_uploads

Positions = npt.NDArray[np.int64]

NUM_BATCHES_AHEAD = 2  # gathered while the network works on the one before


@dataclass(frozen=True)
class TrainingData:
    """What the network is fed with, normalised and encoded as its recipe asks.

    Attributes:
        inputs: float32 [N, 28, 28, 1] in 0..1.
        targets: float32 [N, 10] one-hot, or uint8 [N] class numbers.
        validation: Inputs and targets of the validation digits.
    """

    inputs: npt.NDArray[np.float32]
    targets: npt.NDArray[Any]
    validation: tuple[npt.NDArray[np.float32], npt.NDArray[Any]]


class Feed:
    """Makes batches of training and validation digits.

    Args:
        data: The digits.
        batch_size: Digits per step; the last batch has what is left.

    Attributes:
        num_digits: Number of training digits.
        validation: Batches of the validation digits, in their order.
    """

    def __init__(self, data: TrainingData, batch_size: int) -> None:
        self.num_digits = len(data.targets)
        self.validation = _untuned(
            tf.data.Dataset.from_tensor_slices(data.validation)
            .batch(batch_size)
            .prefetch(NUM_BATCHES_AHEAD)
        )
        self._inputs = tf.constant(data.inputs)
        self._targets = tf.constant(data.targets)
        self._batch_size = batch_size

    def of_epoch(self, seed: int, epoch: int) -> Any:
        """Return the batches of an epoch, in an order that follows from the seed and the epoch."""
        return self.in_order(np.random.default_rng([seed, epoch]).permutation(self.num_digits))

    def in_order(self, order: Positions) -> Any:
        """Return a `tf.data.Dataset` of batches of the training digits at these positions."""

        def gather(positions: Any) -> tuple[Any, Any]:
            return tf.gather(self._inputs, positions), tf.gather(self._targets, positions)

        batches = tf.data.Dataset.from_tensor_slices(order).batch(self._batch_size)
        return _untuned(batches.map(gather).prefetch(NUM_BATCHES_AHEAD))


def _untuned(dataset: Any) -> Any:
    """Do without the thread that tunes a pipeline, since closing it may wait for seconds."""
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


class UploadFeed:
    """Makes the batches of a network that is trained on MNIST and on rendered uploads.

    Every epoch draws from both anew and varies every picture; all follows from the seed and the epoch.

    Args:
        diet: What an epoch is made of.
        batch_size: Pictures per step; the last batch has what is left.
        digits: MNIST digits to train on.
        uploads: Rendered pictures to train on.
        validation: MNIST digits to validate on.

    Attributes:
        validation: Batches of the validation digits, in their order.
    """

    def __init__(
        self, diet: Diet, batch_size: int, *, digits: Split, uploads: Corpus, validation: Split
    ) -> None:
        self._diet = diet
        self._batch_size = batch_size
        self._digits = digits
        self._uploads = uploads
        self.validation = self._batched(validation.images, validation.labels)

    def of_epoch(self, seed: int, epoch: int) -> Any:
        """Return a `tf.data.Dataset` of the batches of an epoch: inputs and class numbers 0..10."""
        rng = np.random.default_rng([seed, epoch])
        digits, uploads = self._draw(rng)
        images = np.concatenate(
            [
                augment(self._digits.images[digits], self._diet.mnist_plan_of(epoch), rng),
                augment(self._uploads.images[uploads], self._diet.upload_plan, rng),
            ]
        )
        labels = np.concatenate([self._digits.labels[digits], self._uploads.labels[uploads]])
        order = rng.permutation(len(labels))
        return self._batched(images[order], labels[order])

    def _draw(self, rng: np.random.Generator) -> tuple[Positions, Positions]:
        """Draw the MNIST digits and the uploads of an epoch, none twice."""
        is_other = self._uploads.labels == NOT_A_DIGIT
        digits = rng.permutation(len(self._digits.labels))[: self._diet.mnist]
        shown = rng.permutation(np.flatnonzero(~is_other))[: self._diet.uploads]
        others = rng.permutation(np.flatnonzero(is_other))[: self._diet.others]
        return digits, np.concatenate([shown, others])

    def _batched(self, images: Images, labels: Labels) -> Any:
        """Cut into batches and scale to 0..1."""
        batches = tf.data.Dataset.from_tensor_slices((images, labels)).batch(self._batch_size)
        return _untuned(batches.map(_scaled).prefetch(NUM_BATCHES_AHEAD))


def _scaled(images: Any, labels: Any) -> tuple[Any, Any]:
    """Turn uint8 [N, 28, 28] into float32 [N, 28, 28, 1] in 0..1."""
    return tf.cast(images, tf.float32)[..., tf.newaxis] / 255.0, labels


def make_feed(recipe: Recipe, mnist: Mnist) -> Feed | UploadFeed:
    """Make what feeds a recipe's network; renders the uploads that are not in the cache."""
    if recipe.diet is None:
        return Feed(training_data(recipe, mnist), recipe.batch_size)
    training, validation = split(mnist, recipe.validation_share)
    return UploadFeed(
        recipe.diet,
        recipe.batch_size,
        digits=training,
        uploads=training_uploads(recipe.diet, training),
        validation=validation,
    )


def training_data(recipe: Recipe, mnist: Mnist) -> TrainingData:
    """Split MNIST and prepare both parts as the recipe asks."""
    training, validation = split(mnist, recipe.validation_share)
    return TrainingData(*prepare(recipe, training), prepare(recipe, validation))


def prepare(recipe: Recipe, part: Split) -> tuple[npt.NDArray[np.float32], npt.NDArray[Any]]:
    """Normalise digits and encode labels as the recipe asks.

    Returns:
        float32 [N, 28, 28, 1] in 0..1, and labels one-hot float32 [N, 10] or uint8 [N].
    """
    labels = np.eye(NUM_CLASSES, dtype=np.float32)[part.labels] if recipe.one_hot else part.labels
    return normalise(part.images), labels


def normalise(images: Images) -> npt.NDArray[np.float32]:
    """Turn uint8 [N, 28, 28] into float32 [N, 28, 28, 1] in 0..1, the chapter's `/ 255`."""
    return images[..., np.newaxis].astype(np.float32) / np.float32(255)
