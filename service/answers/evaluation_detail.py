"""The detail of an evaluation: every digit with its answer, and all digits as pictures.

    Evaluation -> columns, reliability, contact sheets -> EvaluationDetail

A sheet holds a hundred digits: ten thousand of them take 2 MB so, and writing one takes 3 ms.
"""

from dataclasses import asdict

import numpy as np
import numpy.typing as npt

from service.answers.data_urls import to_data_url
from service.answers.schemas import EvaluationDetail, ReliabilityBinBody
from service.evaluation.calibration import reliability_bins
from service.evaluation.evaluating import Evaluation

SHEET_SIDE = 10  # digits in a row of a sheet, and rows
SHEET_DIGITS = SHEET_SIDE**2
DECIMALS = 6  # of a confidence; float32 knows seven


def describe_digits(evaluation: Evaluation) -> EvaluationDetail:
    """Write what the model said of every digit, in the order of the scored set."""
    confidences = evaluation.probabilities.max(axis=1).astype(np.float64).clip(max=1)
    predicted = evaluation.probabilities.argmax(axis=1)
    bins = reliability_bins(confidences, predicted == evaluation.digits.labels)
    return EvaluationDetail(
        reliability=[ReliabilityBinBody(**asdict(it)) for it in bins],
        labels=evaluation.digits.labels.tolist(),
        predicted=predicted.tolist(),
        confidences=confidences.round(DECIMALS).tolist(),
        names=list(evaluation.names),
        sheets=draw_sheets(evaluation.digits.images),
    )


def draw_sheets(digits: npt.NDArray[np.uint8]) -> list[str]:
    """Draw digits uint8 [N, 28, 28] on sheets of ten by ten, row by row.

    Returns:
        Data URLs of grey PNGs of 280x280 pixels; places without a digit are black.
    """
    starts = range(0, len(digits), SHEET_DIGITS)
    return [to_data_url(_lay_out(digits[at : at + SHEET_DIGITS])) for at in starts]


def _lay_out(digits: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Lay at most a hundred digits uint8 [N, 28, 28] out as one uint8 [280, 280] image."""
    side = digits.shape[1]
    places = np.zeros((SHEET_DIGITS, side, side), np.uint8)
    places[: len(digits)] = digits
    grid = places.reshape(SHEET_SIDE, SHEET_SIDE, side, side)
    return grid.swapaxes(1, 2).reshape(SHEET_SIDE * side, SHEET_SIDE * side)
