"""Calibration: from a trained network's logits to probabilities and thresholds that can be relied on.

logits of validation digits -> temperature (inside the graph) -> probabilities -> thresholds of the status

All is fitted on validation digits, which no network was trained on: the temperature on them as they are and
rendered as uploads, the thresholds on the uploads.
"""

import numpy as np
import numpy.typing as npt

from service.evaluation.scoring import expected_calibration_error
from service.inference.recognition import novelty
from service.manifest import Decision
from training.data import Labels
from training.layers import share_not_a_digit

TEMPERATURES = np.geomspace(0.3, 3.0, 93)  # tried one after the other
REFUSED_SHARE = 0.005  # of real digits that may be called no digit
# Of real digits that may be called uncertain, or no digit; of those of validation, what is left is 99.7 % right.
DOUBTED_SHARE = 0.0175

Floats = npt.NDArray[np.float32]


def fit_temperature(*sets: tuple[Floats, Labels]) -> float:
    """Find the temperature of the least calibration error of the answers, averaged over sets of digits.

    The least cross-entropy (as Guo et al. fit it) is bought where the digit was lost before the network saw
    it: it makes all other answers too modest.

    Args:
        sets: Of digits each: logits float32 [N, 11] with "not a digit" last, and labels uint8 [N]; 0..9.

    Source: Guo et al. (2017), "On Calibration of Modern Neural Networks", for the temperature.
    """
    errors = [
        np.mean([_calibration_error(logits / np.float32(value), labels) for logits, labels in sets])
        for value in TEMPERATURES
    ]
    return float(TEMPERATURES[int(np.argmin(errors))])


def fit_decision(probabilities: Floats) -> Decision:
    """Set the thresholds so that few real digits are doubted or refused.

    Args:
        probabilities: float32 [N, 10], answers to uploads that show one digit.
    """
    strange = novelty(probabilities)
    refused = float(np.quantile(strange, 1 - REFUSED_SHARE))
    accepted = probabilities[strange <= refused]
    doubted = (DOUBTED_SHARE - REFUSED_SHARE) / (1 - REFUSED_SHARE)
    return Decision(
        uncertain_below=float(np.quantile(accepted.max(axis=1), doubted)),
        not_a_digit_below=0.0,
        novel_above=refused,
    )


def _calibration_error(logits: Floats, labels: Labels) -> float:
    """Return the expected calibration error of the answers, 0..1."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    answers = share_not_a_digit(shifted / shifted.sum(axis=1, keepdims=True))
    return expected_calibration_error(
        answers.max(axis=1).astype(np.float64), answers.argmax(axis=1) == labels
    )
