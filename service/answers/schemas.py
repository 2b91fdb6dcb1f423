"""Schemas: the JSON of every answer, as the OpenAPI document declares it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

Probability = Annotated[float, Field(ge=0, le=1)]


class ModelIdentity(BaseModel):
    """Which model answered."""

    name: str
    version: str


class BoxBody(BaseModel):
    """A rectangle in pixels of the upright upload; right and bottom lie outside."""

    left: int
    top: int
    right: int
    bottom: int


class Detail(BaseModel):
    """What the model saw, with `?detail=true`."""

    canonical: str = Field(description="The canonical 28x28 digit as a PNG data URL")
    ink_box: BoxBody
    steps: list[str] = Field(description="Preprocessing steps that ran, in order")


class PredictionBody(BaseModel):
    """Answer of `/predict`."""

    digit: int = Field(alias="class", ge=0, le=9)
    confidence: Probability
    probabilities: list[Probability] = Field(min_length=10, max_length=10)
    status: Literal["ok", "uncertain", "not_a_digit"]
    warnings: list[str]
    model: ModelIdentity
    detail: Detail | None = None


class LayerBody(BaseModel):
    """A layer of the network, and what it made of the digit."""

    name: str
    kind: str = Field(description="`input`, `convolution`, `max_pool`, `flatten`, `dense`, ...")
    shape: list[int] = Field(description="[height, width, maps], or [numbers] once flattened")
    parameters: int = Field(description="Weights, after batch normalisation is folded in")
    activations: list[Any] | None = Field(None, description="Numbers, nested as `shape` says")
    kernel: list[Any] | None = Field(None, description="[rows, columns, inputs, maps] and the like")
    bias: list[float] | None = None


class SaliencyBody(BaseModel):
    """Which ink spoke for a class."""

    digit: int = Field(alias="class", ge=0, le=9)
    evidence: list[list[float]] = Field(
        description="[28][28], nats by which the class's log-odds fall without the ink there"
    )


class ExplanationBody(PredictionBody):
    """Answer of `/explain`."""

    layers: list[LayerBody]
    saliency: list[SaliencyBody] | None = Field(
        None, description="Of the answer and of the runner-up"
    )


class IntervalBody(BaseModel):
    """A 95 % Wilson interval."""

    low: Probability
    high: Probability


class ClassScoresBody(BaseModel):
    """Scores of one digit; null where a ratio has nothing to divide by."""

    precision: Probability | None
    recall: Probability | None
    f1: Probability | None
    support: int


class MistakeBody(BaseModel):
    """A confident wrong answer."""

    index: int
    label: int
    predicted: int
    confidence: Probability
    loss: float
    image: str = Field(description="The canonical digit as a PNG data URL")


class RejectedBody(BaseModel):
    """An image that was left out of the scores."""

    name: str
    detail: str


class ReliabilityBinBody(BaseModel):
    """The answers of about the same confidence; null where there are none."""

    low: Probability
    high: Probability
    count: int
    confidence: Probability | None = Field(description="Their mean confidence")
    accuracy: Probability | None = Field(description="Share of them that is right")


class EvaluationDetail(BaseModel):
    """Every digit that was scored, in order, with `?detail=true`."""

    reliability: list[ReliabilityBinBody] = Field(description="The calibration error's bins")
    labels: list[int]
    predicted: list[int]
    confidences: list[Probability] = Field(description="Of the answers, to six decimals")
    names: list[str] = Field(description="As uploaded; none for the model's own test digits")
    sheets: list[str] = Field(
        description="The canonical digits as PNG data URLs of 280x280 pixels, "
        "a hundred on each in rows of ten"
    )


class EvaluationBody(BaseModel):
    """Answer of `/evaluate`."""

    n: int
    accuracy: Probability
    accuracy_interval: IntervalBody
    loss: float = Field(description="Mean cross-entropy in nats")
    confusion_matrix: list[list[int]] = Field(description="Rows are labels, columns predictions")
    per_class: list[ClassScoresBody]
    calibration_error: Probability
    worst_mistakes: list[MistakeBody]
    rejected: list[RejectedBody]
    duration_s: float
    model: ModelIdentity
    detail: EvaluationDetail | None = Field(None, exclude_if=lambda detail: detail is None)


class ServedModel(BaseModel):
    """One model in `/health`."""

    name: str
    version: str
    engine: str
    device: str
    self_test_age_s: float = Field(description="Seconds since the last successful self-test")


class HealthBody(BaseModel):
    """Answer of `/health`."""

    alive: bool
    ready: bool
    models: list[ServedModel]


class VersionBody(BaseModel):
    """One version in `/model/versions`."""

    name: str
    version: str
    state: Literal["active", "loaded", "refused", "available"]
    accuracy: Probability | None = Field(description="On its evaluation set, if it is loaded")
    reason: str | None = Field(description="Why it was refused")


class ChangeBody(BaseModel):
    """Answer of `/model/reload` and `/model/rollback`."""

    name: str
    version: str = Field(description="The version that answers now")
    accuracy: Probability = Field(description="Of that version on its evaluation set")
    previous: str | None = Field(description="The one before it; null if it answered already")
    workers: int = Field(description="How many workers answer with it")


class ProbeBody(BaseModel):
    """Answer of the probes."""

    status: Literal["live", "ready"]


class Problem(BaseModel):
    """RFC 9457 problem document."""

    type: str
    title: str
    status: int
    detail: str
    instance: str


class BatchLine(BaseModel):
    """What every line of `/predict/batch` starts with."""

    index: int = Field(ge=0, description="Position of the image in the upload")
    name: str = Field(description="What the client calls it; empty for a raw body")
    status_code: int = Field(description="The status that `/predict` would answer with")


class PredictedLine(PredictionBody, BatchLine):
    """A line of `/predict/batch` for an image that was recognised."""


class FailedLine(BatchLine):
    """A line of `/predict/batch` for an image that could not be used."""

    problem: Problem
