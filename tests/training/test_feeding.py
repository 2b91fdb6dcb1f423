"""Tests of the batches that a network is fed with."""

import numpy as np
import pytest

from training.feeding import Feed, TrainingData

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
