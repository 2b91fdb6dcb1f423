"""Recognition: a canonical digit and a loaded model to an answer.

canonical digit -> engine -> probabilities -> status -> Prediction
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from service.bundle import Bundle
from service.engines import Engine
from service.errors import BundleError
from service.inference.batching import Batcher
from service.preprocessing import CanonicalDigit
from service.telemetry.request_record import AnswerRecord

if TYPE_CHECKING:
    from service.explanation import Network

Status = Literal["ok", "uncertain", "not_a_digit"]
NUM_SELF_TEST_DIGITS = 10


@dataclass(frozen=True)
class Prediction:
    """What a model says of one upload.

    Attributes:
        digit: The most probable class, 0..9.
        probabilities: float64 [10], summing to 1.
        status: Whether the answer can be relied on.
        seen: The canonical digit that the model saw.
    """

    digit: int
    probabilities: npt.NDArray[np.float64]
    status: Status
    seen: CanonicalDigit

    @property
    def confidence(self) -> float:
        """Probability of the answer."""
        return float(self.probabilities[self.digit])

    @property
    def record(self) -> AnswerRecord:
        """What the metrics and the log are told of it."""
        return AnswerRecord(self.digit, self.confidence, self.status, self.seen.image)


def novelty(probabilities: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Tell how likely each picture is no digit at all.

    A network that knows what is no digit shares that probability among the ten evenly, so ten times the
    least of them is that probability (and a little more where every digit fits somewhat). A network that
    does not know it gives about 0.

    Args:
        probabilities: [..., 10].

    Returns:
        [...], 0..1.
    """
    rarest: npt.NDArray[np.floating] = probabilities.min(axis=-1) * probabilities.shape[-1]
    return rarest


class Model:
    """A bundle loaded into an engine: one version of a model.

    A request asks one such object from its beginning to its end, so that its answer names the version
    that gave it, whatever is loaded meanwhile. Without requests and references it goes, and its thread.

    Attributes:
        bundle: The verified bundle.
        engine: The engine that computes it.
        batcher: Gathers single digits for the engine.
    """

    def __init__(self, bundle: Bundle, engine: Engine) -> None:
        self.bundle = bundle
        self.engine = engine
        self.batcher = Batcher(engine)
        self._self_test_digits = bundle.validation_set().images[:NUM_SELF_TEST_DIGITS]
        self._tested_at = 0.0
        self.self_test()  # warms the engine: the first client never pays for it

    def predict(self, seen: CanonicalDigit) -> Prediction:
        """Recognise a canonical digit."""
        return self.interpret(self.engine.predict(seen.image[np.newaxis])[0], seen)

    def predict_many(self, seen: Sequence[CanonicalDigit]) -> list[Prediction]:
        """Recognise canonical digits, of any number, in one call of the engine."""
        if not seen:
            return []
        rows = self.engine.predict(np.stack([digit.image for digit in seen]))
        return [self.interpret(row, digit) for row, digit in zip(rows, seen, strict=True)]

    def interpret(self, row: npt.NDArray[np.float32], seen: CanonicalDigit) -> Prediction:
        """Turn the engine's answer float32 [10] to a digit into a prediction."""
        probabilities = row.astype(np.float64)
        probabilities /= np.add.reduce(probabilities)
        values = probabilities.tolist()  # of ten, Python finds the largest sooner than NumPy
        return Prediction(values.index(max(values)), probabilities, self.judge(values), seen)

    def judge(self, probabilities: Sequence[float]) -> Status:
        """Turn ten probabilities into a status by the bundle's thresholds."""
        decision, confidence = self.bundle.manifest.decision, max(probabilities)
        is_novel = len(probabilities) * min(probabilities) > decision.novel_above  # see `novelty`
        if is_novel or confidence < decision.not_a_digit_below:
            return "not_a_digit"
        return "uncertain" if confidence < decision.uncertain_below else "ok"

    def self_test(self) -> None:
        """Run a real inference and remember when it succeeded.

        Raises:
            BundleError: If the probabilities are not finite or do not sum to 1.
        """
        probabilities = self.engine.predict(self._self_test_digits)
        if not np.allclose(probabilities.sum(axis=1), 1, atol=1e-3):
            raise BundleError(
                f"The model {self.bundle.manifest.name} computes no probabilities: its rows do not sum to 1. "
                "Export it anew."
            )
        self._tested_at = time.monotonic()

    @cached_property
    def network(self) -> "Network":
        """The network layer by layer; read when it is first asked for."""
        from service.explanation import (
            Network,
        )  # a model that explains nothing loads nothing for it

        return Network(self.bundle.litert_program)

    @property
    def version(self) -> str:
        """Version of the bundle."""
        return self.bundle.manifest.version

    @property
    def self_test_age_s(self) -> float:
        """Seconds since the last successful self-test."""
        return time.monotonic() - self._tested_at
