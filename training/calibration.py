"""Calibration: from a trained network's logits to probabilities and thresholds that can be relied on.

logits of validation uploads -> temperature (inside the graph) -> probabilities -> thresholds of the status

All is fitted on renderings of validation digits, which no network was trained on.
"""

import numpy as np
import numpy.typing as npt

from service.bundle import Decision
from service.recognition import novelty
from training.data import Labels

TEMPERATURES = np.geomspace(0.3, 3.0, 93)  # tried one after the other
REFUSED_SHARE = 0.005  # of real digits that may be called no digit
DOUBTED_SHARE = 0.015  # of real digits that may be called uncertain, or no digit

Floats = npt.NDArray[np.float32]


def fit_temperature(logits: Floats, labels: Labels) -> float:
    """Find the temperature of the least cross-entropy.

    Args:
        logits: float32 [N, C].
        labels: uint8 [N]; 0..C-1.

    Source: Guo et al. (2017), "On Calibration of Modern Neural Networks".
    """
    losses = [_cross_entropy(logits / np.float32(value), labels) for value in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


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


def _cross_entropy(logits: Floats, labels: Labels) -> float:
    """Mean cross-entropy in nats."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return float((log_sums - shifted[np.arange(len(labels)), labels]).mean())
