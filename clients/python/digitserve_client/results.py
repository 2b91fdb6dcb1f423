"""Answers of the service as typed, frozen values."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from digitserve_client.errors import NotDigitserveError, ServiceError

OnProgress = Callable[[int, int], None]
"""Is told how many images are scored, of how many."""


@dataclass(frozen=True)
class ModelIdentity:
    """Which model answered."""

    name: str
    version: str


@dataclass(frozen=True)
class Prediction:
    """The digit on one image.

    Attributes:
        digit: The most probable digit.
        confidence: Its probability.
        probabilities: Of the digits 0 to 9, summing to 1.
        status: `ok`, `uncertain` (several digits fit) or `not_a_digit`.
        warnings: Sentences on what may make the answer less sure.
        detail: What the model saw, if it was asked for.
        json: The whole answer.
    """

    digit: int
    confidence: float
    probabilities: tuple[float, ...]
    status: Literal["ok", "uncertain", "not_a_digit"]
    warnings: tuple[str, ...]
    model: ModelIdentity
    detail: Mapping[str, Any] | None = field(repr=False)
    json: Mapping[str, Any] = field(repr=False)

    @classmethod
    def from_json(cls, answer: Mapping[str, Any]) -> "Prediction":
        """Read an answer of `/predict`, or a line of `/predict/batch`.

        Raises:
            NotDigitserveError: If it is neither.
        """
        with _complete():
            return cls(
                digit=answer["class"],
                confidence=answer["confidence"],
                probabilities=tuple(answer["probabilities"]),
                status=answer["status"],
                warnings=tuple(answer["warnings"]),
                model=ModelIdentity(**answer["model"]),
                detail=answer.get("detail"),
                json=answer,
            )


def read_line(line: str) -> Prediction | ServiceError:
    """Read a line of `/predict/batch`: what is on an image, or why it could not be used."""
    answer = json.loads(line)
    return ServiceError(answer["problem"]) if "problem" in answer else Prediction.from_json(answer)


@dataclass(frozen=True)
class Evaluation:
    """Scores of a model on labelled digits.

    Attributes:
        n: Images that were scored.
        accuracy: Share of right answers.
        accuracy_interval: Its 95 % Wilson interval, low and high.
        loss: Mean cross-entropy in nats.
        confusion_matrix: Counts [10][10]; rows are labels, columns predictions.
        calibration_error: Expected calibration error over 15 bins.
        json: The whole answer.
    """

    n: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    loss: float
    confusion_matrix: tuple[tuple[int, ...], ...]
    calibration_error: float
    model: ModelIdentity
    json: Mapping[str, Any] = field(repr=False)

    @classmethod
    def from_json(cls, answer: Mapping[str, Any]) -> "Evaluation":
        """Read an answer of `/evaluate`.

        Raises:
            NotDigitserveError: If it is none.
        """
        with _complete():
            interval = answer["accuracy_interval"]
            return cls(
                n=answer["n"],
                accuracy=answer["accuracy"],
                accuracy_interval=(interval["low"], interval["high"]),
                loss=answer["loss"],
                confusion_matrix=tuple(tuple(row) for row in answer["confusion_matrix"]),
                calibration_error=answer["calibration_error"],
                model=ModelIdentity(**answer["model"]),
                json=answer,
            )


@contextmanager
def _complete() -> Iterator[None]:
    """Say that an answer in which something is missing is not of the service."""
    try:
        yield
    except (KeyError, TypeError) as cause:
        raise NotDigitserveError("The answer is not of the form of digitserve's.") from cause


class EvaluationReader:
    """Reads the event stream of `/evaluate`, line by line.

    Args:
        on_progress: Is told of every `progress` event.
    """

    def __init__(self, on_progress: OnProgress | None) -> None:
        self._on_progress = on_progress
        self._event = ""

    def feed(self, line: str) -> Evaluation | None:
        """Take the next line; return the result once it is there.

        Raises:
            ServiceError: If the evaluation failed.
        """
        name, _, value = line.partition(": ")
        if name == "event":
            self._event = value
        if name != "data":
            return None
        data = json.loads(value)
        if self._event == "error":
            raise ServiceError(data)
        if self._event == "result":
            return Evaluation.from_json(data)
        if self._on_progress is not None:
            self._on_progress(data["done"], data["total"])
        return None
