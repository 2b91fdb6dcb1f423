"""Tests of the one scoring code: reference vectors and values by hand."""

import math

import numpy as np
import numpy.typing as npt
import pytest

from service.evaluation.scoring import (
    ClassScores,
    Mistake,
    expected_calibration_error,
    score,
    wilson_interval,
)


def answers(*digits_and_confidences: tuple[int, float]) -> npt.NDArray[np.float32]:
    """Return rows with the given confidence in one digit and the rest spread over the others."""
    rows = [
        [confidence if column == digit else (1 - confidence) / 9 for column in range(10)]
        for digit, confidence in digits_and_confidences
    ]
    return np.array(rows, dtype=np.float32)


class TestWilsonInterval:
    """Of `wilson_interval`."""

    # Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I.
    @pytest.mark.parametrize(
        ("num_correct", "n", "low", "high"),
        [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ],
    )
    def test_published_examples(self, num_correct: int, n: int, low: float, high: float) -> None:
        """The interval is that of the published table, to its four decimals."""
        interval = wilson_interval(num_correct, n)

        assert (low, high) == (round(interval.low, 4), round(interval.high, 4))

    def test_closed_form(self) -> None:
        """No success in 20 ends at z^2 / (20 + z^2), where z^2 = 3.841459 as in chi-square tables."""
        assert wilson_interval(0, 20).high == pytest.approx(3.841459 / 23.841459, abs=1e-8)

    def test_all_correct_reaches_one(self) -> None:
        """Where all answers are right the interval ends at 1 exactly."""
        assert wilson_interval(29, 29).high == 1.0


class TestExpectedCalibrationError:
    """Of `expected_calibration_error`."""

    def test_by_hand(self) -> None:
        """Gaps of bins weigh by their images: (|1 - 1.8| + |1 - 0.5|) / 3 = 0.4333."""
        confidences = np.array([0.9, 0.9, 0.5])  # bin (13/15, 14/15] twice, bin (7/15, 8/15] once
        is_correct = np.array([True, False, True])

        error = expected_calibration_error(confidences, is_correct)

        assert error == pytest.approx(0.433333, abs=1e-6)

    def test_gaps_in_one_bin_cancel(self) -> None:
        """Within a bin accuracy and confidence are compared as means: |1 - 1.0| / 2 = 0."""
        confidences = np.array([0.5, 0.5])
        is_correct = np.array([True, False])

        assert expected_calibration_error(confidences, is_correct) == pytest.approx(0, abs=1e-12)

    def test_bins_are_fifteenths(self) -> None:
        """Confidences on either side of 14/15 do not cancel: (0.07 + 0.94) / 2."""
        confidences = np.array([0.93, 0.94])
        is_correct = np.array([True, False])

        assert expected_calibration_error(confidences, is_correct) == pytest.approx(0.505)

    def test_upper_edge_belongs_to_the_bin(self) -> None:
        """A confidence of exactly 3/15 shares the bin of 0.19, not that of 0.21."""
        confidences = np.array([0.19, 0.2])
        is_correct = np.array([True, False])

        assert expected_calibration_error(confidences, is_correct) == pytest.approx(0.305)

    def test_certain_and_right(self) -> None:
        """Confidence 1 falls in the last bin; all right, its error is 0."""
        assert expected_calibration_error(np.ones(3), np.ones(3, dtype=np.bool_)) == 0


class TestScore:
    """Of `score`."""

    def test_accuracy(self) -> None:
        """Two of three right are 2/3, with the Wilson interval of 2 in 3."""
        scores = score([7, 2, 1], answers((7, 0.9), (2, 0.9), (4, 0.9)))

        assert (scores.n, scores.accuracy) == (3, 2 / 3)
        assert wilson_interval(2, 3) == scores.accuracy_interval

    def test_loss_is_mean_cross_entropy_in_nats(self) -> None:
        """Labels of probability 1/2 and 1/4 cost (ln 2 + ln 4) / 2 = 1.0397."""
        scores = score([0, 1], answers((0, 0.5), (1, 0.25)))

        assert scores.loss == pytest.approx(1.039721, abs=1e-6)

    def test_loss_is_bounded(self) -> None:
        """A label of probability 0 costs -ln(1e-7) = 16.118, not infinity."""
        assert score([0], answers((1, 1.0))).loss == pytest.approx(16.118096, abs=1e-6)

    def test_confusion_matrix_has_a_row_for_each_label(self) -> None:
        """A 7 taken for a 1 counts in row 7, column 1."""
        confusion_matrix = score([7, 7], answers((1, 0.9), (7, 0.9))).confusion_matrix

        assert confusion_matrix.dtype == np.int64
        assert (confusion_matrix[7, 1], confusion_matrix[7, 7], confusion_matrix.sum()) == (1, 1, 2)

    def test_class_scores_by_hand(self) -> None:
        """Digit 3, right 2 of its 4 times and said 3 times: 2/3, 1/2 and F1 = 4/7."""
        predicted = [3, 3, 5, 5, 3]
        scores = score([3, 3, 3, 3, 8], answers(*((digit, 0.9) for digit in predicted)))

        three = scores.per_class[3]

        assert (three.precision, three.recall, three.support) == (2 / 3, 1 / 2, 4)
        assert three.f1 == pytest.approx(4 / 7)

    @pytest.mark.parametrize(
        ("digit", "expected"),
        [
            pytest.param(8, ClassScores(None, 0.0, 0.0, support=1), id="label, never answered"),
            pytest.param(3, ClassScores(0.0, None, 0.0, support=0), id="answer, never a label"),
            pytest.param(0, ClassScores(None, None, None, support=0), id="neither"),
        ],
    )
    def test_class_without_a_divisor(self, digit: int, expected: ClassScores) -> None:
        """A ratio with nothing to divide by is None, not 0."""
        assert score([8], answers((3, 0.9))).per_class[digit] == expected

    def test_calibration_error_is_of_the_top_probability(self) -> None:
        """One right answer of confidence 0.75 is 0.25 off."""
        assert score([4], answers((4, 0.75))).calibration_error == pytest.approx(0.25)

    def test_worst_mistakes_come_most_confident_first(self) -> None:
        """Wrong answers alone are listed, by falling confidence, equals by index."""
        probabilities = answers((1, 0.5), (0, 0.99), (1, 0.75), (1, 0.5))

        mistakes = score([0, 0, 0, 0], probabilities).worst_mistakes

        assert [mistake.index for mistake in mistakes] == [2, 0, 3]

    def test_worst_mistake_says_all(self) -> None:
        """A mistake carries label, answer, confidence and loss: -ln(0.25 / 9) = 3.5835."""
        mistake = score([0], answers((1, 0.75))).worst_mistakes[0]

        assert mistake == Mistake(0, label=0, predicted=1, confidence=0.75, loss=mistake.loss)
        assert mistake.loss == pytest.approx(3.583519, abs=1e-6)

    def test_worst_mistakes_are_at_most_twenty(self) -> None:
        """Of 21 mistakes the least confident is left out."""
        probabilities = answers((1, 0.4), *[(1, 0.5)] * 20)

        mistakes = score([0] * 21, probabilities).worst_mistakes

        assert list(range(1, 21)) == [mistake.index for mistake in mistakes]

    def test_equal_probabilities_answer_the_lowest_digit(self) -> None:
        """Ten equal probabilities are an answer of 0."""
        scores = score([0], np.full((1, 10), 0.1, dtype=np.float32))

        assert scores.accuracy == 1

    def test_rounding_past_one(self) -> None:
        """A probability an ulp above 1 is taken for 1, and its loss for 0."""
        probabilities = answers((4, 1.0))
        probabilities[0, 4] = np.nextafter(np.float32(1), np.float32(2))

        scores = score([4], probabilities)

        assert (scores.loss, scores.calibration_error) == (0.0, 0.0)


class TestScoreRefusals:
    """Of `score` on what is no evaluation."""

    @pytest.mark.parametrize(
        "labels",
        [np.array([], np.int64), np.array([[1]]), np.array([1.0]), np.array([True])],
        ids=["none", "two axes", "floats", "bools"],
    )
    def test_labels_of_another_kind(self, labels: npt.NDArray[np.generic]) -> None:
        """Labels must be integers of one axis, at least one."""
        with pytest.raises(ValueError, match=r"expected integers \[N\], N >= 1"):
            score(labels, answers((1, 0.9)))

    @pytest.mark.parametrize("label", [-1, 10])
    def test_labels_out_of_range(self, label: int) -> None:
        """Labels must be digits."""
        with pytest.raises(ValueError, match="expected digits 0 to 9"):
            score([label], answers((1, 0.9)))

    @pytest.mark.parametrize(
        "probabilities",
        [np.full((2, 10), 0.1), np.full((1, 9), 1 / 9), np.eye(1, 10, dtype=np.int64)],
        ids=["too many rows", "nine columns", "integers"],
    )
    def test_probabilities_of_another_kind(self, probabilities: npt.NDArray[np.generic]) -> None:
        """Probabilities must be floats, a row of ten for each label."""
        with pytest.raises(ValueError, match=r"expected floats \[1, 10\]"):
            score([1], probabilities)

    @pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, math.inf])
    def test_probabilities_out_of_range(self, value: float) -> None:
        """Negative, large and non-finite probabilities are refused."""
        probabilities = answers((1, 0.9))
        probabilities[0, 1] = value

        with pytest.raises(ValueError, match="expected 0 to 1"):
            score([1], probabilities)

    def test_rows_must_sum_to_one(self) -> None:
        """The row that sums to something else is named."""
        probabilities = answers((1, 0.9), (1, 0.9))
        probabilities[1] *= 0.99

        with pytest.raises(ValueError, match=r"Row 1 .* sums to 0\.9900; expected 1"):
            score([1, 1], probabilities)
