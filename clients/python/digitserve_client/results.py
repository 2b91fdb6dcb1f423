"""Answers of the service as typed, frozen values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeVar

from digitserve_client.errors import ServiceError

Json = Mapping[str, Any]
T = TypeVar("T")


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
        model: Which model answered.
        json: The whole answer.
        detail: What the model saw, if it was asked for.
    """

    digit: int
    confidence: float
    probabilities: Sequence[float]
    status: Literal["ok", "uncertain", "not_a_digit"]
    warnings: Sequence[str]
    model: ModelIdentity
    json: Json = field(repr=False)
    detail: Json | None = field(repr=False, default=None)


@dataclass(frozen=True)
class Layer:
    """What one layer of the network made of an image.

    Attributes:
        name: The network's own name of it.
        kind: `convolution`, `dense` and the like.
        shape: Of what it gives: rows, columns and maps, or numbers once flattened.
        parameters: How many it has.
        activations: Nested lists of that shape, if they were asked for.
        kernel: Its weights, nested lists, if they were asked for; None if it has none.
        bias: A number for each map or output, likewise.
    """

    name: str
    kind: str
    shape: Sequence[int]
    parameters: int
    activations: list[Any] | None = field(repr=False, default=None)
    kernel: list[Any] | None = field(repr=False, default=None)
    bias: list[Any] | None = field(repr=False, default=None)


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
    layers: Sequence[Layer]
    saliency: Mapping[int, list[list[float]]] = field(repr=False)
    json: Json = field(repr=False)


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
        model: Which model was scored.
        json: The whole answer.
    """

    n: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    loss: float
    confusion_matrix: Sequence[Sequence[int]]
    calibration_error: float
    model: ModelIdentity
    json: Json = field(repr=False)


def _make(kind: type[T], answer: Json, **members: Any) -> T:
    """Make a result of its fields' members, of those given and else of the answer's.

    Raises:
        TypeError: If one that it needs is missing.
    """
    every = {**answer, **members}
    return kind(**{it.name: every[it.name] for it in fields(kind) if it.name in every})  # type: ignore[arg-type]


def read_prediction(answer: Json) -> Prediction:
    """Read an answer of `/predict`, or the same members of another one."""
    model = _make(ModelIdentity, answer["model"])
    return _make(Prediction, answer, digit=answer["class"], model=model, json=answer)


def read_item(line: Json) -> Prediction | ServiceError:
    """Read a line of `/predict/batch`: what is on an image, or why it could not be used."""
    return ServiceError(line["problem"]) if "problem" in line else read_prediction(line)


def read_explanation(answer: Json) -> Explanation:
    """Read an answer of `/explain`."""
    layers = [_make(Layer, layer) for layer in answer["layers"]]
    saliency = {it["class"]: it["evidence"] for it in answer.get("saliency", ())}
    return Explanation(read_prediction(answer), layers, saliency, answer)


def read_evaluation(answer: Json) -> Evaluation:
    """Read the result of `/evaluate`."""
    model, interval = _make(ModelIdentity, answer["model"]), answer["accuracy_interval"]
    ends = interval["low"], interval["high"]
    return _make(Evaluation, answer, accuracy_interval=ends, model=model, json=answer)
