"""What a report is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from service.evaluation.scoring import Scores

MAX_MISTAKES = 25  # the chapter's grid has 5 rows of 5, section 8.6


@dataclass(frozen=True, eq=False)
class ReportMaterial:
    """One trained network, its history and its answers to the test digits.

    Attributes:
        recipe: Name of the recipe.
        seed: Seed of the run.
        model: `keras.Model` from float32 [N, 28, 28, 1] in 0..1 to probabilities [N, 10].
        history: `accuracy`, `loss`, `val_accuracy` and `val_loss`, one value per epoch.
        test_images: uint8 [N, 28, 28]; 0 = paper, 255 = ink. In MNIST's order, N >= 10.
        test_labels: integers [N], 0..9.
        probabilities: float32 [N, 10], the network's answers.
        scores: The scores of these answers.
    """

    recipe: str
    seed: int
    model: Any
    history: Mapping[str, Sequence[float]]
    test_images: npt.NDArray[np.uint8]
    test_labels: npt.NDArray[np.integer[Any]]
    probabilities: npt.NDArray[np.float32]
    scores: Scores

    @property
    def predictions(self) -> npt.NDArray[np.int64]:
        """int64 [N], the digit with the highest probability."""
        digits: npt.NDArray[np.int64] = self.probabilities.argmax(axis=1)
        return digits

    def mistakes(self, limit: int = MAX_MISTAKES) -> list[int]:
        """Positions of the wrong answers, the most confident first; equals by position."""
        wrong = np.flatnonzero(self.predictions != self.test_labels)
        confidence = self.probabilities[wrong].max(axis=1)
        return [int(index) for index in wrong[np.argsort(-confidence, kind="stable")][:limit]]
