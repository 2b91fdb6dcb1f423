"""Calibration: how often answers of about the same confidence are right, as the reliability diagram shows it.

    confidences [N] + right or wrong [N] -> reliability_bins -> 15 ReliabilityBin

Imports NumPy and the scoring alone.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.evaluation.scoring import NUM_CALIBRATION_BINS, bin_confidences


@dataclass(frozen=True)
class ReliabilityBin:
    """The answers whose confidence lies in (low, high].

    Attributes:
        low: Lower edge, 0..1; the lowest bin holds it too.
        high: Upper edge, 0..1.
        count: Number of answers.
        confidence: Their mean confidence; None if there are none.
        accuracy: Share of them that is right; None if there are none.
    """

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None


def reliability_bins(
    confidences: npt.NDArray[np.float64], is_correct: npt.NDArray[np.bool_]
) -> tuple[ReliabilityBin, ...]:
    """Return the bins of the expected calibration error, from the least to the most confident.

    Args:
        confidences: float64 [N], 0..1, probability of each answer.
        is_correct: bool [N], whether the answer is right.

    Returns:
        15 bins of equal width; the mean of |accuracy - confidence| over them, weighted by their
        counts, is the calibration error.

    Source: Guo et al. (2017), "On Calibration of Modern Neural Networks", figure 1 and equation 3.
    """
    bins = bin_confidences(confidences)
    edges = np.arange(NUM_CALIBRATION_BINS + 1) / NUM_CALIBRATION_BINS
    return tuple(
        _make_bin(edges[at], edges[at + 1], confidences[bins == at], is_correct[bins == at])
        for at in range(NUM_CALIBRATION_BINS)
    )


def _make_bin(
    low: float,
    high: float,
    confidences: npt.NDArray[np.float64],
    is_correct: npt.NDArray[np.bool_],
) -> ReliabilityBin:
    """Return a bin of the answers that lie in it."""
    count = len(confidences)
    return ReliabilityBin(
        low=float(low),
        high=float(high),
        count=count,
        confidence=float(confidences.mean()) if count else None,
        accuracy=float(is_correct.mean()) if count else None,
    )
