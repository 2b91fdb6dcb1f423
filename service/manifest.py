"""The manifest: what a bundle says of itself, the one schema of `manifest.json`.

training -> Manifest -> manifest.json -> Manifest -> service
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = 1


class _Record(BaseModel):
    """Part of the manifest: immutable, and without fields that we do not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SplitMetrics(_Record):
    """How the exported function scored on one split of the data.

    Attributes:
        n: Number of digits.
        accuracy: Share of right answers, 0..1.
        loss: Mean cross-entropy in nats.
    """

    n: int = Field(gt=0)
    accuracy: float = Field(ge=0, le=1)
    loss: float = Field(ge=0)


class Metrics(_Record):
    """Scores of the exported function; the test split is `evaluation.npz`."""

    validation: SplitMetrics
    test: SplitMetrics


class Decision(_Record):
    """Thresholds that turn probabilities into a status, fitted on validation digits.

    Attributes:
        uncertain_below: Top probability below which several digits fit: status `uncertain`.
        not_a_digit_below: Top probability below which no digit fits: status `not_a_digit`.
        novel_above: Novelty (see `service.inference.recognition.novelty`) above which no digit fits.
    """

    uncertain_below: float = Field(ge=0, le=1)
    not_a_digit_below: float = Field(ge=0, le=1)
    novel_above: float = Field(ge=0, le=1)


class Manifest(_Record):
    """What a bundle says of itself, `assets.extra/manifest.json`.

    Attributes:
        schema_version: Version of this schema.
        name: Model name, such as `digits`.
        version: Model version, a positive whole number as text.
        recipe: Name of the training recipe.
        seed: Seed that everything random in the training run followed from.
        parameters: Number of weights of the network.
        preprocessing_version: Version of the preprocessing that the model expects.
        decision: Thresholds that turn probabilities into a status.
        metrics: Scores on the validation and the test split.
        data: MD5 of each raw MNIST file, by file name.
        libraries: Version of each library that made the bundle, by name.
        created_at: When the bundle was exported (UTC).
        files: SHA-256 of every other file of the bundle, by path relative to it.
    """

    schema_version: Literal[1] = 1
    name: str
    version: str
    recipe: str
    seed: int
    parameters: int
    preprocessing_version: str
    decision: Decision
    metrics: Metrics
    data: dict[str, str]
    libraries: dict[str, str]
    created_at: datetime
    files: dict[str, str]
