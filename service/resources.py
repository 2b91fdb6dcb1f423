"""Resources that the lifespan made and the routes use."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any
from weakref import WeakKeyDictionary

from anyio import CapacityLimiter
from fastapi import Depends, Header, Query, Request

from service.answers.schemas import Problem
from service.inference.models import Models
from service.inference.pulse import find_failing
from service.inference.recognition import Model, Prediction
from service.intake.admission import Gate, Place
from service.intake.body_memory import BodyMemory
from service.intake.decoders import Decoders
from service.intake.decoding_time import DecoderWatch, DecodingTime
from service.intake.slow_bodies import SlowBodies
from service.intake.turns import Turns
from service.preprocessing import CanonicalDigit
from service.settings import Settings
from service.telemetry.bookkeeping import Bookkeeper
from service.telemetry.inference_statistics import InferenceStatistics
from service.telemetry.metrics.drift import Distribution
from service.telemetry.metrics.recorder import Recorder
from service.versions.changes import Versions

PHOTOS_PER_ITERATION = 4  # of the event loop; each keeps it busy for one to three milliseconds
MAX_EXPLANATIONS = 1  # at once; each keeps a core busy for some tens of milliseconds
MAX_WAITING_EXPLANATIONS = 4
MAX_EVALUATIONS = 1  # at once; each keeps a core busy


@dataclass
class Lifecycle:
    """Where the process is in its life.

    Attributes:
        is_draining: Whether it was told to stop, and serves only what is still coming.
    """

    is_draining: bool = False


@dataclass(frozen=True)
class Resources:
    """What lives from start-up to shutdown.

    Attributes:
        settings: The settings.
        models: The loaded models.
        versions: Changes the models' versions; None where no folder can be made for it.
        lifecycle: Where the process is in its life.
        evaluators: Bounds the evaluations that run at once.
        explainers: Bounds the explanations that run at once.
        recorder: Counts for the metrics.
        bookkeeping_delay_s: How long a request that is over may wait to be counted and logged, in seconds.
        references: By model, how its validation digits and its answers to them are spread; filled when
            first asked for.
    """

    settings: Settings
    models: Models
    versions: Versions | None = None
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    evaluators: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(MAX_EVALUATIONS))
    explainers: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(MAX_EXPLANATIONS))
    recorder: Recorder = field(default_factory=Recorder)
    bookkeeping_delay_s: float = 0.0
    references: WeakKeyDictionary[Model, Distribution] = field(default_factory=WeakKeyDictionary)

    @cached_property
    def bookkeeper(self) -> Bookkeeper:
        """Counts and logs requests that are over."""
        return Bookkeeper(self.recorder, self.bookkeeping_delay_s)

    @cached_property
    def gate(self) -> Gate:
        """Bounds the requests that are in work or wait for it."""
        return Gate(
            self.settings.max_waiting, max_wait_s=self.settings.max_wait_ms / 1000 or math.inf
        )

    @cached_property
    def evaluation_gate(self) -> Gate:
        """Bounds evaluations, in place of the other gate."""
        return Gate(MAX_EVALUATIONS)

    @cached_property
    def explanation_gate(self) -> Gate:
        """Bounds explanations, in place of the other gate."""
        return Gate(MAX_EXPLANATIONS + MAX_WAITING_EXPLANATIONS)

    @cached_property
    def inference_statistics(self) -> InferenceStatistics:
        """Counts the requests of other protocols."""
        return InferenceStatistics()

    @cached_property
    def slow_bodies(self) -> SlowBodies:
        """Ends the wait for bodies that come too slowly."""
        return SlowBodies(self.settings.body_timeout_s)

    @cached_property
    def decoders(self) -> Decoders:
        """Threads that decode large uploads and batches."""
        return Decoders(self.settings.decode_threads)

    @cached_property
    def photo_decoder(self) -> Decoders:
        """One thread that decodes small photos: the event loop, which does the rest, keeps pace with no more."""
        return Decoders(1)

    @cached_property
    def turns(self) -> Turns:
        """Orders the small photos that are preprocessed on the event loop."""
        return Turns(PHOTOS_PER_ITERATION)

    @cached_property
    def decoder_watch(self) -> DecoderWatch:
        """Knows which pictures threads are decoding."""
        return DecoderWatch(self.settings.decode_timeout_s)

    @property
    def is_working(self) -> bool:
        """Whether every model has computed of late, and no thread hangs in a decoder."""
        return not find_failing(self.models) and not self.decoder_watch.has_hung

    def allow_decoding(self, place: Place | None = None) -> DecodingTime:
        """Give a request the time that its pictures may take; with its place, as long as its client waits."""
        return DecodingTime(self.decoder_watch, place)

    @cached_property
    def body_memory(self) -> BodyMemory:
        """Bounds what the bodies of all requests take together."""
        return BodyMemory(self.settings.max_bodies_bytes)

    async def predict(self, model: Model, seen: CanonicalDigit, place: Place) -> Prediction:
        """Recognise a digit, in the engine's next batch, if it is wanted by then; note the answer."""
        record = place.record
        row = await model.batcher.predict(
            seen.image, place.check, record, is_alone=place.has_server_alone
        )
        prediction = model.interpret(row, seen)
        record.answer = prediction.record
        return prediction

    def count(self, outcomes: Iterable[Prediction | Exception]) -> None:
        """Count the answers to several pictures; those that failed are none. On the event loop only."""
        for outcome in outcomes:
            if isinstance(outcome, Prediction):
                self.recorder.count_answer(outcome.record)


# Dependencies are coroutines, though they wait for nothing: FastAPI calls plain functions in a thread.
async def _resources(request: Request) -> Resources:
    resources: Resources = request.state.resources
    return resources


DepResources = Annotated[Resources, Depends(_resources)]


async def _model(
    resources: DepResources,
    model: Annotated[str | None, Query(description="Name of a served model")] = None,
    version: Annotated[str | None, Query(description="Version of it that is loaded")] = None,
    x_model_version: Annotated[str | None, Header(description="The same; `version` wins")] = None,
) -> Model:
    return resources.models.find(model, version or x_model_version or None)


DepModel = Annotated[Model, Depends(_model)]

PROBLEM: dict[str, Any] = {
    "model": Problem,
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Declare problem documents of these statuses for OpenAPI."""
    return dict.fromkeys(statuses, PROBLEM)
