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
class Layer:
    """What one layer of the network made of an image.

    Attributes:
        shape: Of what it gives: rows, columns and maps, or numbers once flattened.
        parameters: How many it has.
        activations: Nested lists of that shape, if they were asked for.
        kernel: Its weights, nested lists, if they were asked for; None if it has none.
        bias: A number for each map or output, likewise.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    activations: list[Any] | None = field(repr=False)
    kernel: list[Any] | None = field(repr=False)
    bias: list[Any] | None = field(repr=False)

    @classmethod
    def from_json(cls, layer: Mapping[str, Any]) -> "Layer":
        """Read one of an answer's layers."""
        names = ("activations", "kernel", "bias")
        numbers = {name: layer.get(name) for name in names}
        return cls(
            layer["name"], layer["kind"], tuple(layer["shape"]), layer["parameters"], **numbers
        )


@dataclass(frozen=True)
class Explanation:
    """Why a network answers so to one image.

    Attributes:
        prediction: The digit on it.
        layers: The network's, from its input to the probabilities.
        saliency: By digit, of the answer and of the runner-up: [28][28] numbers, how far the log-odds of
            that digit fall, in nats, without the ink around a pixel. Empty if it was not asked for.
        json: The whole answer.
    """

    prediction: Prediction
    layers: tuple[Layer, ...]
    saliency: Mapping[int, list[list[float]]] = field(repr=False)
    json: Mapping[str, Any] = field(repr=False)

    @classmethod
    def from_json(cls, answer: Mapping[str, Any]) -> "Explanation":
        """Read an answer of `/explain`.

        Raises:
            NotDigitserveError: If it is none.
        """
        with _complete():
            return cls(
                prediction=Prediction.from_json(answer),
                layers=tuple(map(Layer.from_json, answer["layers"])),
                saliency={it["class"]: it["evidence"] for it in answer.get("saliency", ())},
                json=answer,
            )


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
