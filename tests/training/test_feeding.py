"""Tests of the batches that a network is fed with."""

from typing import Any

import numpy as np
import pytest

from training.augmentation import AugmentationPlan
from training.corpus import Corpus
from training.data import Split
from training.feeding import Feed, TrainingData, UploadFeed, normalise, prepare
from training.recipes import Diet, Recipe

pytestmark = pytest.mark.tensorflow

INPUTS = np.arange(5, dtype=np.float32).reshape(5, 1, 1, 1)
TARGETS = np.arange(5, dtype=np.uint8)


def feed() -> Feed:
    """Five training digits and three for validation, in batches of two."""
    return Feed(TrainingData(INPUTS, TARGETS, (INPUTS[:3], TARGETS[:3])), 2)


class TestFeed:
    """Of `Feed`."""

    def test_gathers_batches_in_the_order_that_is_asked(self) -> None:
        """Inputs with their targets; the last batch has what is left."""
        batches = list(feed().in_order(np.array([4, 0, 3, 2, 1])))

        assert [targets.numpy().tolist() for _, targets in batches] == [[4, 0], [3, 2], [1]]
        assert [inputs.numpy().ravel().tolist() for inputs, _ in batches] == [[4, 0], [3, 2], [1]]

    def test_keeps_the_order_of_the_validation_digits(self) -> None:
        """Batches of the same size."""
        batches = list(feed().validation)

        assert [targets.numpy().tolist() for _, targets in batches] == [[0, 1], [2]]

    def test_has_no_tuning_thread(self) -> None:
        """Closing a tuned pipeline may wait for seconds."""
        pipelines = [feed().validation, feed().in_order(np.arange(5))]

        assert [pipeline.options().autotune.enabled for pipeline in pipelines] == [False, False]


STILL = AugmentationPlan(rotation=0, shear=0, zoom=0, shift=0, elastic=0, stroke=0, corrupted=0)
DIET = Diet(mnist=4, uploads=3, others=2, mnist_plan=STILL, upload_plan=STILL)


def _pictures(greys: range) -> np.typing.NDArray[np.uint8]:
    """Even pictures, each of one grey."""
    return np.tile(np.array(greys, np.uint8)[:, None, None], (1, 28, 28))


def upload_feed(diet: Diet = DIET, batch_size: int = 4) -> UploadFeed:
    """Six MNIST digits of greys 0 to 5, five uploads of 50 to 54, four others of 100 to 103."""
    labels = np.array([7, 7, 7, 7, 7, 10, 10, 10, 10], np.uint8)
    pictures = np.concatenate([_pictures(range(50, 55)), _pictures(range(100, 104))])
    return UploadFeed(
        diet,
        batch_size,
        digits=Split(_pictures(range(6)), np.full(6, 3, np.uint8)),
        uploads=Corpus(pictures, labels, np.zeros(9, np.uint8)),
        validation=Split(_pictures(range(200, 205)), np.arange(5, dtype=np.uint8)),
    )


def greys_and_labels(batches: Any) -> list[tuple[int, int]]:
    """Return the grey and the label of every picture of an epoch."""
    return [
        (round(float(grey) * 255), int(label))
        for inputs, targets in batches
        for grey, label in zip(inputs.numpy()[:, 14, 14, 0], targets.numpy(), strict=True)
    ]


class TestUploadFeed:
    """Of `UploadFeed`."""

    def test_an_epoch_holds_what_the_diet_says(self) -> None:
        """Four MNIST digits, three uploads and two others, no picture twice, with their labels."""
        pairs = greys_and_labels(upload_feed().of_epoch(1, 0))

        assert [label for _, label in sorted(pairs)] == [3, 3, 3, 3, 7, 7, 7, 10, 10]
        assert len(set(pairs)) == 9

    def test_pictures_are_scaled_and_mixed(self) -> None:
        """float32 [N, 28, 28, 1] in 0..1, in batches of four, MNIST's not first."""
        batches = list(upload_feed().of_epoch(1, 0))

        shapes = [tuple(inputs.shape) for inputs, _ in batches]
        assert shapes == [(4, 28, 28, 1), (4, 28, 28, 1), (1, 28, 28, 1)]
        assert max(float(inputs.numpy().max()) for inputs, _ in batches) <= 1
        assert [label for _, label in greys_and_labels(batches)][:4] != [3, 3, 3, 3]

    def test_follows_from_seed_and_epoch(self) -> None:
        """The same pictures in the same order, also of varied ones; others in another epoch."""
        varied = Diet(mnist=4, uploads=3, others=2)
        (one,), (again,), (later,) = (
            list(upload_feed(varied, 16).of_epoch(1, epoch)) for epoch in (3, 3, 4)
        )

        assert np.array_equal(one[0], again[0])
        assert np.array_equal(one[1], again[1])
        assert not np.array_equal(one[0], later[0])

    def test_last_epochs_vary_less(self) -> None:
        """From the closing epoch on MNIST digits follow their other plan, here none; uploads do not."""
        diet = Diet(mnist=4, uploads=3, others=2, closing_plan=STILL, closing_epoch=2)
        feed = upload_feed(diet, 16)

        def count_still(epoch: int) -> int:
            [(pictures, labels)] = list(feed.of_epoch(1, epoch))
            is_still = np.ptp(pictures.numpy(), axis=(1, 2, 3)) == 0
            return int(np.count_nonzero(is_still & (labels.numpy() == 3)))

        assert count_still(1) < count_still(2) == 4

    def test_validation_digits_stay_as_they_are(self) -> None:
        """In their order, with their labels."""
        assert greys_and_labels(upload_feed().validation) == [(200 + n, n) for n in range(5)]


def _no_network(_name: str, _convolution: Any) -> Any:
    """Build nothing."""


class TestPrepare:
    """Of `prepare`."""

    PART = Split(np.full((1, 28, 28), 255, np.uint8), np.array([2], np.uint8))

    def test_one_hot(self) -> None:
        """A label 2 is a one in the third of ten places."""
        _, labels = prepare(Recipe("one-hot", "", _no_network), self.PART)

        assert labels.tolist() == [[0, 0, 1, 0, 0, 0, 0, 0, 0, 0]]

    def test_sparse(self) -> None:
        """A label stays the number that it is."""
        _, labels = prepare(Recipe("sparse", "", _no_network, one_hot=False), self.PART)

        assert labels.tolist() == [2]


class TestNormalise:
    """Of `normalise`."""

    def test_divides_by_255_and_adds_the_channel(self) -> None:
        """0, 51 and 255 become 0, 0.2 and 1, as float32 [N, 28, 28, 1]."""
        images = np.zeros((1, 28, 28), np.uint8)
        images[0, 0, :3] = [0, 51, 255]

        normalised = normalise(images)

        assert normalised.shape == (1, 28, 28, 1)
        assert normalised.dtype == np.float32
        np.testing.assert_allclose(normalised[0, 0, :3, 0], [0, 0.2, 1])
