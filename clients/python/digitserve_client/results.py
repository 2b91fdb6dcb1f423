"""Answers of the service as typed, frozen values, read from JSON field by field."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self

OnProgress = Callable[[int, int], None]
"""Is told how many images are scored, of how many."""

Read = Callable[[Mapping[str, Any]], Any]


def _by(read: Read) -> dict[str, Read]:
    """Return the metadata of a field that is read so from an answer."""
    return {"read": read}


def _optional(name: str) -> dict[str, Read]:
    return _by(lambda answer: answer.get(name))


def _frozen(value: Any) -> Any:
    """Return a value of JSON with its lists as tuples."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


@dataclass(frozen=True)
class _Answer:
    @classmethod
    def from_json(cls, answer: Mapping[str, Any]) -> Self:
        """Read an object of JSON: each field from the member of its name, or as its metadata says.

        Raises:
            KeyError: If a member is missing.
            TypeError: If something is of another type than it should be.
        """
        values = {
            it.name: it.metadata["read"](answer) if it.metadata else _frozen(answer[it.name])
            for it in fields(cls)
        }
        return cls(**values)


@dataclass(frozen=True)
class ModelIdentity(_Answer):
    """Which model answered."""

    name: str
    version: str


_MODEL = _by(lambda answer: ModelIdentity.from_json(answer["model"]))
_WHOLE = _by(lambda answer: answer)


@dataclass(frozen=True)
class Prediction(_Answer):
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

    digit: int = field(metadata=_by(lambda answer: answer["class"]))
    confidence: float
    probabilities: tuple[float, ...]
    status: Literal["ok", "uncertain", "not_a_digit"]
    warnings: tuple[str, ...]
    model: ModelIdentity = field(metadata=_MODEL)
    detail: Mapping[str, Any] | None = field(repr=False, metadata=_optional("detail"))
    json: Mapping[str, Any] = field(repr=False, metadata=_WHOLE)


@dataclass(frozen=True)
class Layer(_Answer):
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
    activations: list[Any] | None = field(repr=False, metadata=_optional("activations"))
    kernel: list[Any] | None = field(repr=False, metadata=_optional("kernel"))
    bias: list[Any] | None = field(repr=False, metadata=_optional("bias"))


_LAYERS = _by(lambda answer: tuple(map(Layer.from_json, answer["layers"])))
_SALIENCY = _by(lambda answer: {it["class"]: it["evidence"] for it in answer.get("saliency", ())})


@dataclass(frozen=True)
class Explanation(_Answer):
    """Why a network answers so to one image.

    Attributes:
        prediction: The digit on it.
        layers: The network's, from its input to the probabilities.
        saliency: By digit, of the answer and of the runner-up: [28][28] numbers, how far the log-odds of
            that digit fall, in nats, without the ink around a pixel. Empty if it was not asked for.
        json: The whole answer.
    """

    prediction: Prediction = field(metadata=_by(Prediction.from_json))
    layers: tuple[Layer, ...] = field(metadata=_LAYERS)
    saliency: Mapping[int, list[list[float]]] = field(repr=False, metadata=_SALIENCY)
    json: Mapping[str, Any] = field(repr=False, metadata=_WHOLE)


_INTERVAL = _by(lambda answer: tuple(answer["accuracy_interval"][end] for end in ("low", "high")))


@dataclass(frozen=True)
class Evaluation(_Answer):
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
    accuracy_interval: tuple[float, float] = field(metadata=_INTERVAL)
    loss: float
    confusion_matrix: tuple[tuple[int, ...], ...]
    calibration_error: float
    model: ModelIdentity = field(metadata=_MODEL)
    json: Mapping[str, Any] = field(repr=False, metadata=_WHOLE)
