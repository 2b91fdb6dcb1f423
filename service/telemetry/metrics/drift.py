"""Drift: whether recent digits and answers look like those that the model was validated on.

    canonical digit, answer -> features -> decayed counts in bins -> beside the reference's: stability index

The population stability index of two shares p, q of bins is the sum of (p - q) ln(p / q): below 0.1 they are
alike, above 0.25 they differ by much. Source: Siddiqi (2006), "Credit Risk Scorecards", chapter 10.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.telemetry.metrics.layout import (
    DRIFT_BINS,
    DRIFT_SUMS,
    FEATURES,
    MEAN_FEATURES,
    NUM_BINS,
    NUM_CELLS,
)

MEMORY = 1000  # answers; the weight of one falls to 1/e after so many of its worker
MIN_WEIGHT = 200.0  # answers; fewer differ from any reference by chance
SMOOTHING = 0.5  # answers added to each bin, so that no share is 0
INKED = 128  # of 255; darker is stroke

Values = npt.NDArray[np.float64]

# Edges between the bins of each feature: about the tenths of MNIST's digits.
EDGES = (
    (0.085, 0.105, 0.115, 0.125, 0.135, 0.145, 0.155, 0.17, 0.195),
    (1.55, 1.65, 1.8, 1.9, 2.0, 2.1, 2.25, 2.45, 3.0),
    (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999),
    tuple(digit + 0.5 for digit in range(9)),
)


@dataclass(frozen=True)
class Distribution:
    """How digits and answers are spread.

    Attributes:
        bins: float64 [features, NUM_BINS]; how many fell into each.
        sums: float64 [mean features]; the sums of their values.
    """

    bins: Values
    sums: Values

    @property
    def weight(self) -> float:
        """How many digits it stands for."""
        return float(self.bins[0].sum())

    @property
    def means(self) -> Values:
        """Means float64 [mean features]."""
        means: Values = self.sums / max(self.weight, 1.0)
        return means

    @classmethod
    def of_cells(cls, cells: Values) -> "Distribution":
        """Read the distribution of a row, or of a sum of rows."""
        bins = cells[DRIFT_BINS:DRIFT_SUMS].reshape(len(FEATURES), NUM_BINS)
        return cls(bins, cells[DRIFT_SUMS:NUM_CELLS])

    @classmethod
    def of_answers(
        cls, digits: npt.NDArray[np.uint8], probabilities: npt.NDArray[np.float32]
    ) -> "Distribution":
        """Measure digits uint8 [N, 28, 28] and their probabilities [N, 10]."""
        values = np.stack(
            [
                *measure_strokes(digits),
                probabilities.max(axis=1).astype(np.float64),
                probabilities.argmax(axis=1).astype(np.float64),
            ]
        )
        bins = [
            np.bincount(np.searchsorted(edges, feature), minlength=NUM_BINS)
            for edges, feature in zip(EDGES, values, strict=True)
        ]
        return cls(np.array(bins, np.float64), values[: len(MEAN_FEATURES)].sum(axis=1))


def measure_strokes(digits: npt.NDArray[np.uint8]) -> tuple[Values, Values]:
    """Measure ink density and stroke width of digits uint8 [N, 28, 28].

    Returns:
        The share of ink, 0..1, and about the width of the strokes in pixels: twice their area by the
        length of their outline, which holds for long lines. Both float64 [N].
    """
    inked = digits >= INKED
    outline = (inked[:, 1:] != inked[:, :-1]).sum((1, 2)) + (
        inked[:, :, 1:] != inked[:, :, :-1]
    ).sum((1, 2))
    density: Values = digits.mean((1, 2)) / 255
    width: Values = 2 * inked.sum((1, 2)) / np.maximum(outline, 1)
    return density, width


def remember(cells: Values, digit: npt.NDArray[np.uint8], answer: tuple[float, int]) -> None:
    """Add a canonical digit and its answer to a row, in which all earlier ones fade a little.

    Args:
        cells: float64 [NUM_CELLS], the row.
        digit: uint8 [28, 28].
        answer: Confidence and class.
    """
    density, width = measure_strokes(digit[np.newaxis])
    values = (density[0], width[0], *answer)
    cells[DRIFT_BINS:NUM_CELLS] *= 1 - 1 / MEMORY
    for feature, value in enumerate(values):
        cells[DRIFT_BINS + feature * NUM_BINS + np.searchsorted(EDGES[feature], value)] += 1
    cells[DRIFT_SUMS:NUM_CELLS] += values[: len(MEAN_FEATURES)]


def stability_index(recent: Distribution, reference: Distribution) -> Values:
    """Return the population stability index of each feature, float64 [features]."""
    ours, theirs = _shares(recent), _shares(reference)
    index: Values = ((ours - theirs) * np.log(ours / theirs)).sum(axis=1)
    return index


def _shares(distribution: Distribution) -> Values:
    """Return the share of each bin of a feature, none of them 0."""
    bins = distribution.bins + SMOOTHING
    shares: Values = bins / bins.sum(axis=1, keepdims=True)
    return shares
