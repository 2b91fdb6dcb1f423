"""`POST /predict/batch`: many images in, one line of JSON for each out, in order."""

import math
import time
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import KW_ONLY, dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from service.answers.problems import describe_failure, log_failure
from service.answers.schemas import FailedLine, PredictedLine
from service.answers.writing import answer_failed_line, answer_predicted_line, write_json
from service.batches import (
    BatchEntry,
    Outcome,
    canonicalise_entries,
    list_entries,
    recognise_all,
)
from service.errors import DigitserveError, EmptyUploadError
from service.inference.recognition import Model, Prediction
from service.intake.decoding_time import DecodingTime
from service.intake.in_order import run_in_order
from service.intake.uploads import MAX_PARTS, split_files
from service.resources import DepModel, DepResources, Resources, problems
from service.routes.intake import TIMEOUT_PARAMETER, Admitted, take_in
from service.settings import Settings
from service.telemetry.steps import Steps

NDJSON = "application/x-ndjson"
HOP_IMAGES = (
    16  # answered in one turn of a thread, by one call of the engine: others wait no longer
)
HOPS_AHEAD = 4  # of one batch and for each thread, under way, or done while one before them is not
TURN_S = 0.1  # after which a thread decodes for others first; a photo of 12 megapixels takes 0.04

router = APIRouter()

_BINARY = {"type": "string", "format": "binary"}
_BODY = {
    "parameters": [TIMEOUT_PARAMETER],
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
    },
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
    responses={200: _LINE, **problems(404, 408, 413, 422, 503)},
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
    upload = await take_in(request, resources, max_bytes=resources.settings.max_batch_bytes)
    entries = await resources.decoders.run(
        _take_apart, upload, resources.settings, Steps.of(request.scope)
    )

    answer = _BatchAnswer(
        request, resources, model, entries, resources.allow_decoding(), with_detail=detail
    )
    return StreamingResponse(answer.stream(), media_type=NDJSON)


@dataclass(frozen=True)
class _BatchAnswer:
    """The answer to one batch, made hop by hop."""

    request: Request
    resources: Resources
    model: Model
    entries: Sequence[BatchEntry]
    decoding_time: DecodingTime
    _: KW_ONLY
    with_detail: bool

    async def stream(self) -> AsyncGenerator[bytes]:
        """Yield the lines, of as many images at a time as are done.

        While one thread waits for its network, which leaves Python alone, another decodes.
        """
        end, num_threads = len(self.entries), self.resources.decoders.num_threads
        size = min(HOP_IMAGES, math.ceil(end / num_threads))
        logged = set[str]()
        hops = (self._answer_hop(at, min(at + size, end), logged) for at in range(0, end, size))
        async with aclosing(run_in_order(hops, ahead=HOPS_AHEAD * num_threads)) as answered:
            async for lines in answered:
                yield b"".join(lines)

    async def _answer_hop(self, start: int, end: int, logged: set[str]) -> bytes:
        """Return the lines of the images from `start` to `end`, once they are counted, their failures logged."""
        lines, at = [], start
        while at < end:  # once, but for pictures that take longer than a turn
            outcomes, written = await self.resources.decoders.run(
                self._answer_part, at, self.entries[at:end]
            )
            self.resources.count(outcomes)
            self._log_unforeseen(outcomes, logged)
            lines.append(written)
            at += len(outcomes)
        return b"".join(lines)

    def _log_unforeseen(self, outcomes: Iterable[Outcome], logged: set[str]) -> None:
        """Log each failure of ours once, however many images it met."""
        for outcome in outcomes:
            if isinstance(outcome, DigitserveError) or not isinstance(outcome, Exception):
                continue
            if repr(outcome) not in logged:
                logged.add(repr(outcome))
                log_failure(self.request, outcome)

    def _answer_part(
        self, start: int, entries: Sequence[BatchEntry]
    ) -> tuple[list[Outcome], bytes]:
        """Return what became of the first of some images, of index `start` and on, and their lines."""
        steps = Steps.of(self.request.scope)
        decoding_at = time.perf_counter()
        seen = canonicalise_entries(
            entries,
            self.resources.settings.batch_limits.image,
            self.decoding_time,
            turn_s=TURN_S,
        )
        steps.note("decode", decoding_at, len(seen))
        with steps.measure("model", len(seen)):
            outcomes = recognise_all(self.model, seen)
        lines = (self._line(index, outcome) for index, outcome in enumerate(outcomes, start))
        return outcomes, b"".join(write_json(line) + b"\n" for line in lines)

    def _line(self, index: int, outcome: Outcome) -> PredictedLine | FailedLine:
        """Write what became of one image."""
        name = self.entries[index].name
        if isinstance(outcome, Prediction):
            return answer_predicted_line(
                self.model, outcome, index=index, name=name, with_detail=self.with_detail
            )
        return answer_failed_line(describe_failure(self.request, outcome), index=index, name=name)


def _take_apart(upload: Admitted, settings: Settings, steps: Steps) -> list[BatchEntry]:
    """List the images of an upload whose turn has come, if it is still wanted.

    Raises:
        EmptyUploadError: If there are no bytes.
    """
    upload.place.check()
    if not upload.body:
        raise EmptyUploadError(
            "The body is empty. Send images as files of a form, or a zip of images."
        )
    with steps.measure("unpack"):
        files = split_files(upload.body, max_parts=settings.max_batch_images + MAX_PARTS)
        return list_entries(files, settings.batch_limits.data)
