"""Tests of the temperature and the thresholds, on hand-made logits and probabilities."""

import numpy as np
import numpy.typing as npt
import pytest

from service.inference.recognition import novelty
from training.calibration import TEMPERATURES, fit_decision, fit_temperature

pytestmark = pytest.mark.tensorflow  # which the module of the digits imports


def _digits(margin: float) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """Answers of one margin, in logits, over the next digit; three of four are right."""
    logits = np.full((400, 11), -1e4, np.float32)
    logits[:, :2] = margin, 0
    return logits, np.tile(np.array([0, 0, 0, 1], np.uint8), 100)


class TestFitTemperature:
    """Of `fit_temperature`."""

    @pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
    def test_finds_the_temperature_of_overconfident_logits(self, temperature: float) -> None:
        """Logits that claim three to one, times the temperature, where three of four are right."""
        digits = _digits(np.log(3) * temperature)

        assert fit_temperature(digits) == pytest.approx(temperature, rel=0.02)

    def test_sets_count_alike(self) -> None:
        """A set of few digits pulls as much as one of many."""
        modest, sure = _digits(np.log(3) * 0.5), _digits(np.log(3) * 2)
        many = np.tile(sure[0], (9, 1)), np.tile(sure[1], 9)

        assert fit_temperature(modest, many) == pytest.approx(fit_temperature(modest, sure))

    def test_stays_within_bounds(self) -> None:
        """Logits that are always right would go to zero."""
        logits = np.eye(11, dtype=np.float32)[:10]

        assert fit_temperature((logits, np.arange(10, dtype=np.uint8))) == TEMPERATURES[0]

    def test_large_logits_do_not_overflow(self) -> None:
        """An error that is no number would win."""
        logits, labels = _digits(2_000)

        assert fit_temperature((logits, labels), _digits(np.log(3))) == pytest.approx(1, rel=0.02)


class TestFitDecision:
    """Of `fit_decision`."""

    def test_refuses_and_doubts_the_shares_that_it_says(self) -> None:
        """Of 2,000 digits 10 are refused and 25 more are uncertain."""
        probabilities = np.random.default_rng(1).dirichlet(np.full(10, 0.3), 2_000)

        decision = fit_decision(probabilities.astype(np.float32))

        refused = novelty(probabilities.astype(np.float32)) > decision.novel_above
        doubted = ~refused & (probabilities.max(axis=1) < decision.uncertain_below)
        assert (refused.sum(), doubted.sum()) == (10, 25)
        assert decision.not_a_digit_below == 0
