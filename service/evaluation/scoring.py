"""The one scoring code of training and `/evaluate`: labels and probabilities in, `Scores` out.

    labels [N] + probabilities [N, 10] -> score -> Scores

Imports NumPy alone, so that the trainer, the service and the tests measure with the same ruler.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

NUM_CLASSES = 10
NUM_CALIBRATION_BINS = 15  # Guo et al. (2017), table 1
MAX_WORST_MISTAKES = 20
MIN_PROBABILITY = 1e-7  # floor of a probability in the loss, as Keras has it; log(0) is endless
ROUNDING = 1e-3  # a softmax in float16 keeps to 0..1 and sums to 1 within this
NORMAL_QUANTILE_975 = 1.959963984540054  # two-sided 95 % of the standard normal distribution


@dataclass(frozen=True)
class Interval:
    """A 95 % confidence interval of a proportion: 0 <= low <= high <= 1."""

    low: float
    high: float


@dataclass(frozen=True)
class ClassScores:
    """How well one digit is recognised; None where a ratio has nothing to divide by.

    Attributes:
        precision: Share of right answers among those that say this digit; None if none does.
        recall: Share of this digit's images that are recognised; None if there is no such image.
        f1: Harmonic mean of the two; None if the digit is neither a label nor an answer.
        support: Number of images whose label is this digit.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    support: int


@dataclass(frozen=True)
class Mistake:
    """One wrong answer.

    Attributes:
        index: Position of the image in the scored set, from 0.
        label: What the digit is.
        predicted: What the answer says.
        confidence: Probability of the answer, 0..1.
        loss: Cross-entropy of this image in nats.
    """

    index: int
    label: int
    predicted: int
    confidence: float
    loss: float


@dataclass(frozen=True, eq=False)
class Scores:
    """The measures of one evaluation.

    Attributes:
        n: Number of images, at least 1.
        accuracy: Share of right answers, 0..1.
        accuracy_interval: Its 95 % Wilson interval.
        loss: Mean cross-entropy in nats.
        confusion_matrix: int64 [10, 10] counts; row = label, column = answer.
        per_class: The ten digits' scores, by digit.
        calibration_error: Expected calibration error, 0..1.
        worst_mistakes: The most confident wrong answers first, at most 20; equals by index.
    """

    n: int
    accuracy: float
    accuracy_interval: Interval
    loss: float
    confusion_matrix: npt.NDArray[np.int64]
    per_class: tuple[ClassScores, ...]
    calibration_error: float
    worst_mistakes: tuple[Mistake, ...]


def score(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> Scores:
    """Measure how well probabilities foretell labels.

    The answer to an image is its most probable digit, the lowest of equals.

    Args:
        labels: integers [N], 0..9, N at least 1.
        probabilities: floats [N, 10], 0..1; each row sums to 1 within 0.001
                (float16 rounding).

    Returns:
        All measures, computed in float64.

    Raises:
        ValueError: If a shape, dtype or range is another.
    """
    digits = _checked_labels(np.asarray(labels))
    rows = _checked_probabilities(np.asarray(probabilities), num_labels=len(digits))
    predicted = rows.argmax(axis=1)
    confidences = rows.max(axis=1)
    losses = -np.log(np.maximum(rows[np.arange(len(digits)), digits], MIN_PROBABILITY))
    is_correct = predicted == digits
    num_correct = int(is_correct.sum())
    confusion_matrix = _count_confusions(digits, predicted)
    return Scores(
        n=len(digits),
        accuracy=num_correct / len(digits),
        accuracy_interval=wilson_interval(num_correct, len(digits)),
        loss=float(losses.mean()),
        confusion_matrix=confusion_matrix,
        per_class=tuple(_score_class(confusion_matrix, digit) for digit in range(NUM_CLASSES)),
        calibration_error=expected_calibration_error(confidences, is_correct),
        worst_mistakes=tuple(
            Mistake(
                index=int(index),
                label=int(digits[index]),
                predicted=int(predicted[index]),
                confidence=float(confidences[index]),
                loss=float(losses[index]),
            )
            for index in _most_confident(np.flatnonzero(~is_correct), confidences)
        ),
    )


def wilson_interval(num_correct: int, n: int) -> Interval:
    """Return the 95 % Wilson score interval, without continuity correction, of a proportion.

    Args:
        num_correct: Number of successes, 0..n.
        n: Number of trials, at least 1.

    Source: Wilson (1927); Newcombe (1998), method 3.
    """
    proportion = num_correct / n
    z_squared = NORMAL_QUANTILE_975**2
    centre = (proportion + z_squared / (2 * n)) / (1 + z_squared / n)
    spread = math.sqrt(proportion * (1 - proportion) / n + z_squared / (4 * n**2))
    half_width = NORMAL_QUANTILE_975 * spread / (1 + z_squared / n)
    # At 0 and n successes a bound is the proportion itself; rounding must not push it past.
    return Interval(
        low=max(0.0, min(centre - half_width, proportion)),
        high=min(1.0, max(centre + half_width, proportion)),
    )


def expected_calibration_error(
    confidences: npt.NDArray[np.float64], is_correct: npt.NDArray[np.bool_]
) -> float:
    """Return the mean distance of confidence and accuracy over 15 bins, weighted by their images.

    Args:
        confidences: float64 [N], 0..1, probability of each answer.
        is_correct: bool [N], whether the answer is right.

    Returns:
        0 (confidence is accuracy) .. 1.

    Source: Guo et al. (2017), "On Calibration of Modern Neural Networks", equation 3; bin m of M
    is the interval ((m - 1) / M, m / M].
    """
    bins = bin_confidences(confidences)
    gaps = np.bincount(bins, weights=is_correct - confidences, minlength=NUM_CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(confidences))


def bin_confidences(confidences: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the calibration bin of each confidence: float64 [N], 0..1, to int64 [N], 0..14."""
    return np.ceil(confidences * NUM_CALIBRATION_BINS).astype(np.int64).clip(1) - 1


def _checked_labels(labels: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
    """Return labels as int64 [N], or raise ValueError."""
    if labels.ndim != 1 or labels.size == 0 or labels.dtype.kind not in "iu":
        raise ValueError(
            f"The labels are {labels.dtype} {list(labels.shape)}; expected integers [N], N >= 1."
        )
    digits = labels.astype(np.int64)
    if digits.min() < 0 or digits.max() >= NUM_CLASSES:
        raise ValueError(
            f"The labels range from {digits.min()} to {digits.max()}; expected digits 0 to 9."
        )
    return digits


def _checked_probabilities(
    probabilities: npt.NDArray[np.generic], *, num_labels: int
) -> npt.NDArray[np.float64]:
    """Return probabilities as float64 [N, 10], or raise ValueError."""
    if probabilities.shape != (num_labels, NUM_CLASSES) or probabilities.dtype.kind != "f":
        raise ValueError(
            f"The probabilities are {probabilities.dtype} {list(probabilities.shape)}; "
            f"expected floats [{num_labels}, {NUM_CLASSES}], a row for each label."
        )
    rows = probabilities.astype(np.float64)
    # Said so that NaN, which compares false with everything, fails too.
    if not (rows.min() >= 0 and rows.max() <= 1 + ROUNDING):
        raise ValueError(
            f"The probabilities range from {rows.min()} to {rows.max()}; expected 0 to 1. "
            "Apply softmax to logits."
        )
    sums = rows.sum(axis=1)
    worst = int(np.abs(sums - 1).argmax())
    if abs(sums[worst] - 1) > ROUNDING:
        raise ValueError(f"Row {worst} of the probabilities sums to {sums[worst]:.4f}; expected 1.")
    return rows.clip(max=1)


def _count_confusions(
    labels: npt.NDArray[np.int64], predicted: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Return int64 [10, 10] counts; row = label, column = answer."""
    cells = np.bincount(labels * NUM_CLASSES + predicted, minlength=NUM_CLASSES**2)
    return cells.reshape(NUM_CLASSES, NUM_CLASSES).astype(np.int64)


def _score_class(confusion_matrix: npt.NDArray[np.int64], digit: int) -> ClassScores:
    """Return the scores of one digit."""
    num_correct = int(confusion_matrix[digit, digit])
    support = int(confusion_matrix[digit].sum())
    num_answers = int(confusion_matrix[:, digit].sum())
    return ClassScores(
        precision=num_correct / num_answers if num_answers else None,
        recall=num_correct / support if support else None,
        f1=2 * num_correct / (support + num_answers) if support + num_answers else None,
        support=support,
    )


def _most_confident(
    indices: npt.NDArray[np.intp], confidences: npt.NDArray[np.float64]
) -> npt.NDArray[np.intp]:
    """Return at most 20 of the indices, highest confidence first, equals in their order."""
    order = np.argsort(-confidences[indices], kind="stable")
    return indices[order[:MAX_WORST_MISTAKES]]
