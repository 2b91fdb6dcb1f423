"""`POST /predict/batch`: many images in, one line of JSON for each out, in order."""

import math
from collections.abc import AsyncGenerator, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Annotated

import anyio
from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from service.answers import answer_failed_line, answer_predicted_line, write_json
from service.batches import (
    BatchEntry,
    Outcome,
    canonicalise_entries,
    list_entries,
    recognise_all,
)
from service.errors import DigitserveError
from service.preprocessing import CanonicalDigit
from service.problems import describe_failure, log_failure
from service.recognition import Model, Prediction
from service.routes.resources import DepModel, DepResources, Resources, problems
from service.schemas import FailedLine, PredictedLine
from service.settings import Settings
from service.uploads import MAX_PARTS, read_body, split_files

NDJSON = "application/x-ndjson"
CHUNK_IMAGES = 64  # one call of the engine, and one piece of the stream
HOP_IMAGES = 8  # decoded in one turn of a thread: others wait no longer, and a hop costs 0.1 ms

router = APIRouter()

_BINARY = {"type": "string", "format": "binary"}
_BODY = {
    "requestBody": {
        "required": True,
        "description": "Images as files of a form, or a zip of images, as a file or as the body itself.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "array", "items": _BINARY}},
                }
            },
            "application/zip": {"schema": _BINARY},
            "application/octet-stream": {"schema": _BINARY},
        },
    }
}
_LINE = {
    "description": "One line for each image, in order; this is the schema of a line",
    "content": {
        NDJSON: {
            "schema": {
                "anyOf": [
                    line.model_json_schema(ref_template="#/components/schemas/{model}")
                    for line in (PredictedLine, FailedLine)
                ]
            }
        }
    },
}


@router.post(
    "/predict/batch",
    response_class=StreamingResponse,
    responses={200: _LINE, **problems(404, 413, 422)},
    openapi_extra=_BODY,
    summary="Recognise the digits on many images",
)
async def predict_batch(
    request: Request,
    resources: DepResources,
    model: DepModel,
    detail: Annotated[bool, Query(description="Add what the model saw")] = False,
) -> StreamingResponse:
    """Recognise every image of an upload; one that cannot be used fails alone."""
    body = await read_body(request, resources.settings.max_batch_bytes)
    entries = await to_thread.run_sync(
        _take_apart, body, resources.settings, limiter=resources.decoders
    )

    answer = _BatchAnswer(request, resources, model, entries, with_detail=detail)
    return StreamingResponse(answer.stream(), media_type=NDJSON)


@dataclass(frozen=True)
class _BatchAnswer:
    """The answer to one batch, made chunk by chunk."""

    request: Request
    resources: Resources
    model: Model
    entries: Sequence[BatchEntry]
    _: KW_ONLY
    with_detail: bool

    async def stream(self) -> AsyncGenerator[bytes]:
        """Yield the lines of one chunk after the other."""
        for at in range(0, len(self.entries), CHUNK_IMAGES):
            seen = await _canonicalise_all(self.entries[at : at + CHUNK_IMAGES], self.resources)
            yield await to_thread.run_sync(
                self._recognise, at, seen, limiter=self.resources.decoders
            )

    def _recognise(self, at: int, seen: Sequence[CanonicalDigit | Exception]) -> bytes:
        """Return the lines of the images from position `at`."""
        outcomes = recognise_all(self.model, seen)
        _log_unforeseen(self.request, outcomes)
        lines = (self._line(index, outcome) for index, outcome in enumerate(outcomes, at))
        return b"".join(write_json(line) + b"\n" for line in lines)

    def _line(self, index: int, outcome: Outcome) -> PredictedLine | FailedLine:
        """Write what became of one image."""
        name = self.entries[index].name
        if isinstance(outcome, Prediction):
            return answer_predicted_line(
                self.model, outcome, index=index, name=name, with_detail=self.with_detail
            )
        return answer_failed_line(describe_failure(self.request, outcome), index=index, name=name)


def _log_unforeseen(request: Request, outcomes: Sequence[Outcome]) -> None:
    """Log each failure of ours once, however many images it met."""
    failures = {outcome for outcome in outcomes if isinstance(outcome, Exception)}
    for failure in failures:
        if not isinstance(failure, DigitserveError):
            log_failure(request, failure)


def _take_apart(body: bytes, settings: Settings) -> list[BatchEntry]:
    """List the images of a body."""
    files = split_files(body, max_parts=settings.max_batch_images + MAX_PARTS)
    return list_entries(files, settings.batch_limits.data)


async def _canonicalise_all(
    entries: Sequence[BatchEntry], resources: Resources
) -> list[CanonicalDigit | Exception]:
    """Decode images in parallel, as many at a time as there are threads for it."""
    limits = resources.settings.batch_limits.image
    size = min(HOP_IMAGES, math.ceil(len(entries) / resources.decoders.total_tokens))
    parts: dict[int, list[CanonicalDigit | Exception]] = {}

    async def canonicalise(at: int) -> None:
        part = entries[at : at + size]
        parts[at] = await to_thread.run_sync(
            canonicalise_entries, part, limits, limiter=resources.decoders
        )

    async with anyio.create_task_group() as tasks:
        for at in range(0, len(entries), size):
            tasks.start_soon(canonicalise, at)
    return [seen for at in sorted(parts) for seen in parts[at]]
