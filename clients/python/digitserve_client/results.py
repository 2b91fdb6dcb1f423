"""Answers of the service as typed, frozen values, read as they arrive."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Generic, Literal, TypeVar

from digitserve_client.errors import NotDigitserveError, ServiceError

NOT_OURS = "The answer is none of digitserve's. Give the URL that `digitserve serve` prints."

Json = Mapping[str, Any]
T = TypeVar("T")

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


def load(read: Callable[[Any], T], text: bytes | bytearray) -> T:
    """Read JSON.

    Raises:
        NotDigitserveError: If it is none, or of another form.
    """
    try:
        return read(json.loads(text))
    except (KeyError, TypeError, ValueError, RecursionError) as cause:
        raise NotDigitserveError(NOT_OURS) from cause


def _new(kind: type[T], answer: Json, **members: Any) -> T:
    """Make a result of its fields' members, of those given and else of the answer's.

    Raises:
        TypeError: If one that it needs is missing.
    """
    every = {**answer, "json": answer, **members}
    return kind(**{it.name: every[it.name] for it in fields(kind) if it.name in every})  # type: ignore[arg-type]


def read_prediction(body: Json) -> Prediction:
    """Read an answer of `/predict`, or the same members of another one."""
    return _new(Prediction, body, digit=body["class"], model=_new(ModelIdentity, body["model"]))


def read_item(line: Json) -> Prediction | ServiceError:
    """Read a line of `/predict/batch`: what is on an image, or why it could not be used."""
    return ServiceError(line["problem"]) if "problem" in line else read_prediction(line)


def read_explanation(body: Json) -> Explanation:
    """Read an answer of `/explain`."""
    layers = [_new(Layer, layer) for layer in body["layers"]]
    saliency = {it["class"]: it["evidence"] for it in body.get("saliency", ())}
    return Explanation(read_prediction(body), layers, saliency, body)


def read_event(body: Json) -> Evaluation | tuple[int, int]:
    """Read an event of `/evaluate`: how far it is, or the result.

    Raises:
        ServiceError: If the evaluation failed.
    """
    if "type" in body:
        raise ServiceError(body)
    if "done" in body:
        return body["done"], body["total"]
    ends = body["accuracy_interval"]["low"], body["accuracy_interval"]["high"]
    return _new(Evaluation, body, accuracy_interval=ends, model=_new(ModelIdentity, body["model"]))


@dataclass
class Reader(Generic[T]):
    """Reads an answer as it arrives: lines of JSON, or the events of a stream.

        chunks of bytes -> lines -> JSON -> results, or errors

    Attributes:
        read: Returns what a line tells.
        on_progress: Is told how far it is.
        rest: What is no whole line yet. It grows in place: a line may have megabytes.
    """

    read: Callable[[Json], T | tuple[int, int]]
    on_progress: OnProgress | None = None
    rest: bytearray = field(default_factory=bytearray)

    def take(self, chunk: bytes) -> Iterator[T]:
        """Read the next chunk, and at last a line's end."""
        self.rest += chunk
        # No other end of a line counts: JSON may hold what is one to Unicode.
        *lines, self.rest = self.rest.split(b"\n") if b"\n" in chunk else [self.rest]
        for line in lines:
            # Of a stream of events the data is enough: its members tell as much as the event's name.
            if line.strip() and not line.startswith((b":", b"event:", b"id:", b"retry:")):
                answer = load(self.read, line.removeprefix(b"data:"))
                if not isinstance(answer, tuple):
                    yield answer
                elif self.on_progress is not None:
                    self.on_progress(*answer)
