"""Saliency by occlusion: which ink spoke for a class, found by painting it over with paper.

    digit -> copies with one window painted over -> probabilities -> fall of the log-odds -> map

Source: Zeiler and Fergus (2014), "Visualizing and understanding convolutional networks", section 2.2.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Digits = npt.NDArray[np.uint8]
Predict = Callable[[Digits], npt.NDArray[np.float32]]

WINDOW = 5  # pixels; one and a half strokes wide
STRIDE = 2  # pixels between windows
BATCH = 16  # digits; the largest size that the engines know, so that none is made for this
LEAST = 1e-6  # probability; below it float32 has no more to tell


@dataclass(frozen=True)
class Saliency:
    """What spoke for one class.

    Attributes:
        digit: The class.
        evidence: float32 [28, 28], nats; how far the log-odds of the class fall when the ink around a
            pixel is painted over. Positive ink spoke for the class, negative against it; 0 on paper.
    """

    digit: int
    evidence: npt.NDArray[np.float32]


def find_saliency(digit: Digits, predict: Predict, classes: Sequence[int]) -> list[Saliency]:
    """Find which ink of a digit spoke for each of some classes.

    Args:
        digit: uint8 [28, 28]; 0 = paper, not blank.
        predict: From uint8 [N, 28, 28] to float32 [N, 10].
        classes: Each 0..9.
    """
    windows = _windows(digit)
    occluded = np.where(windows, np.uint8(0), digit)
    odds = _log_odds(_predict_in_batches(predict, np.concatenate([digit[np.newaxis], occluded])))
    falls = odds[0] - odds[1:]
    covers = np.maximum(windows.sum(axis=0), 1)
    return [Saliency(it, _spread(falls[:, it], windows) / covers * (digit > 0)) for it in classes]


def _windows(digit: Digits) -> npt.NDArray[np.bool_]:
    """Return bool [W, 28, 28], the windows that hold ink."""
    side = len(digit)
    starts = range(1 - STRIDE, side, STRIDE)  # every pixel lies in several windows
    windows = np.zeros((len(starts) ** 2, side, side), bool)
    corners = [(top, left) for top in starts for left in starts]
    for window, (top, left) in zip(windows, corners, strict=True):
        window[max(top, 0) : top + WINDOW, max(left, 0) : left + WINDOW] = True
    return windows[(windows & (digit > 0)).any(axis=(1, 2))]


def _predict_in_batches(predict: Predict, images: Digits) -> npt.NDArray[np.float32]:
    """Predict in batches of one size, the last filled up with paper."""
    filled = np.zeros((-(-len(images) // BATCH) * BATCH, *images.shape[1:]), np.uint8)
    filled[: len(images)] = images
    rows = [predict(filled[at : at + BATCH]) for at in range(0, len(filled), BATCH)]
    return np.concatenate(rows)[: len(images)]


def _log_odds(probabilities: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Turn probabilities into log-odds in nats."""
    clipped = np.clip(probabilities, LEAST, 1 - LEAST)
    odds: npt.NDArray[np.float32] = np.log(clipped / (1 - clipped))
    return odds


def _spread(
    values: npt.NDArray[np.float32], windows: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float32]:
    """Add each window's value to all of its pixels: float32 [28, 28]."""
    return np.tensordot(values, windows.astype(np.float32), axes=1)
