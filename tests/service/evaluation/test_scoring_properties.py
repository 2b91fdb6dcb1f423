"""Properties that the scoring code keeps for any evaluation."""

import math
import random

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from service.evaluation.scoring import score, wilson_interval

Labels = npt.NDArray[np.int64]
Probabilities = npt.NDArray[np.float32]


@st.composite
def evaluations(draw: st.DrawFn) -> tuple[Labels, Probabilities]:
    """Draw 1 to 30 labels with softmax rows for them."""
    n = draw(st.integers(1, 30))
    labels = draw(arrays.arrays(np.int64, n, elements=st.integers(0, 9)))
    logits = draw(arrays.arrays(np.float32, (n, 10), elements=st.floats(-30, 30, width=32)))
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return labels, exponentials / exponentials.sum(axis=1, keepdims=True)


class TestWilsonInterval:
    """Of `wilson_interval`."""

    @given(st.integers(1, 10**6), st.data())
    @settings(deadline=None)
    def test_contains_the_proportion(self, n: int, data: st.DataObject) -> None:
        """The interval lies in 0..1 and holds the proportion, for every count."""
        num_correct = data.draw(st.integers(0, n))

        interval = wilson_interval(num_correct, n)

        assert 0 <= interval.low <= num_correct / n <= interval.high <= 1


class TestScore:
    """Of `score`."""

    @given(evaluations())
    @settings(deadline=None)
    def test_counts_agree(self, evaluation: tuple[Labels, Probabilities]) -> None:
        """The matrix counts every image once, its rows the supports, its diagonal the accuracy."""
        labels, probabilities = evaluation

        scores = score(labels, probabilities)

        assert scores.confusion_matrix.sum() == scores.n == len(labels)
        assert [c.support for c in scores.per_class] == scores.confusion_matrix.sum(axis=1).tolist()
        assert scores.confusion_matrix.trace() / scores.n == scores.accuracy

    @given(evaluations(), st.randoms())
    @settings(deadline=None)
    def test_order_does_not_matter(
        self, evaluation: tuple[Labels, Probabilities], shuffler: random.Random
    ) -> None:
        """Shuffled images score the same."""
        labels, probabilities = evaluation
        order = list(range(len(labels)))
        shuffler.shuffle(order)

        ours, shuffled = score(labels, probabilities), score(labels[order], probabilities[order])

        assert ours.confusion_matrix.tolist() == shuffled.confusion_matrix.tolist()
        assert ours.per_class == shuffled.per_class
        assert ours.loss == pytest.approx(shuffled.loss)
        assert ours.calibration_error == pytest.approx(shuffled.calibration_error)

    @given(evaluations())
    @settings(deadline=None)
    def test_measures_stay_in_their_ranges(self, evaluation: tuple[Labels, Probabilities]) -> None:
        """Accuracy lies in its interval, errors in 0..1, and the loss is finite."""
        scores = score(*evaluation)

        assert scores.accuracy_interval.low <= scores.accuracy <= scores.accuracy_interval.high
        assert 0 <= scores.calibration_error <= 1
        assert 0 <= scores.loss <= -math.log(1e-7)
