"""Tests of the bins behind the calibration error."""

import numpy as np
import pytest

from service.evaluation.calibration import reliability_bins
from service.evaluation.scoring import expected_calibration_error


class TestReliabilityBins:
    """`reliability_bins`."""

    def test_by_hand(self) -> None:
        """Two answers in the last bin and one at the upper edge of the third, by hand."""
        bins = reliability_bins(np.array([0.95, 0.99, 0.2]), np.array([True, False, True]))

        assert (bins[14].count, bins[14].confidence, bins[14].accuracy) == (2, 0.97, 0.5)
        assert (bins[2].count, bins[2].confidence, bins[2].accuracy) == (1, 0.2, 1.0)
        assert (bins[2].low, bins[2].high) == pytest.approx((2 / 15, 3 / 15))

    def test_empty_bin(self) -> None:
        """A bin without answers has no mean."""
        first = reliability_bins(np.ones(1), np.ones(1, np.bool_))[0]

        assert (first.low, first.count, first.confidence, first.accuracy) == (0, 0, None, None)

    def test_calibration_error(self) -> None:
        """The bins' gaps, weighted by their counts, are the calibration error."""
        generator = np.random.default_rng(0)
        confidences, is_correct = generator.random(500), generator.random(500) < 0.5

        bins = reliability_bins(confidences, is_correct)

        gaps = [it.count * abs((it.accuracy or 0) - (it.confidence or 0)) for it in bins]
        error = expected_calibration_error(confidences, is_correct)
        assert sum(gaps) / 500 == pytest.approx(error)
