"""Tests of the scores of a run."""

import numpy as np
import pytest

from training.data import Mnist, split
from training.evaluation import evaluate_run
from training.run import TrainedRun, predict

pytestmark = pytest.mark.tensorflow


class TestEvaluateRun:
    """Of `evaluate_run`."""

    def test_scores_every_validation_and_test_digit(
        self, tiny_run: TrainedRun, few_digits: Mnist
    ) -> None:
        """With the answers of the network, which the exported function gives too."""
        evaluation = evaluate_run(tiny_run, few_digits)

        _, validation = split(few_digits)
        for scores, answers, images, labels in (
            (
                evaluation.validation,
                evaluation.validation_probabilities,
                validation.images,
                validation.labels,
            ),
            (
                evaluation.test,
                evaluation.test_probabilities,
                few_digits.test_images,
                few_digits.test_labels,
            ),
        ):
            expected = predict(tiny_run.network, images)
            np.testing.assert_allclose(answers, expected, atol=1e-5)
            assert scores.n == len(labels)
            assert scores.accuracy == np.mean(expected.argmax(axis=1) == labels)
