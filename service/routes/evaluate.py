"""`POST /evaluate`: accuracy on the bundle's own digits, or on labelled data that the caller uploads."""

import json
import queue
from collections.abc import AsyncGenerator, Callable
from typing import Annotated

import anyio
from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from starlette.responses import Response

from service.answers.problems import describe_failure, log_failure
from service.answers.schemas import EvaluationBody
from service.answers.writing import answer_evaluation
from service.errors import DigitserveError
from service.evaluation.evaluating import OnProgress, evaluate_files
from service.intake.admission import ClientLeftError
from service.intake.uploads import split_files
from service.resources import DepModel, DepResources, Resources, problems
from service.routes.intake import TIMEOUT_PARAMETER, take_in

EVENT_STREAM = "text/event-stream"
POLL_S = 0.1  # between two looks for progress

router = APIRouter()

_FILE = {"type": "string", "format": "binary"}
_BODY = {
    "parameters": [TIMEOUT_PARAMETER],
    "requestBody": {
        "required": False,
        "description": "Nothing, for the bundle's own evaluation set; or a zip of <label>/<any>.png, an npz "
        "with images and labels, or an IDX image file and its label file.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": _FILE, "labels": _FILE},
                }
            },
            "application/octet-stream": {"schema": _FILE},
        },
    },
}


@router.post(
    "/evaluate",
    response_model=EvaluationBody,
    responses={
        200: {"content": {EVENT_STREAM: {"schema": {"type": "string"}}}},
        **problems(404, 408, 413, 415, 422, 503),
    },
    openapi_extra=_BODY,
    summary="Score a model on labelled digits",
)
async def evaluate_model(
    request: Request,
    resources: DepResources,
    model: DepModel,
    detail: Annotated[bool, Query(description="Add every digit with its answer")] = False,
) -> Response | EvaluationBody:
    """Score the model; `Accept: text/event-stream` streams progress and ends with the same result."""
    settings = resources.settings
    body, place = await take_in(
        request, resources, max_bytes=settings.max_evaluate_bytes, gate=resources.evaluation_gate
    )
    parts = await resources.decoders.run(split_files, body) if body else []
    files = [part.content for part in parts]

    def run(on_progress: OnProgress) -> EvaluationBody:
        def note(done: int, total: int) -> None:
            place.check_client()
            on_progress(done, total)

        place.check()
        evaluation = evaluate_files(
            model,
            files,
            settings.evaluation_limits,
            note,
            decoding_time=resources.allow_decoding(place),
        )
        return answer_evaluation(model, evaluation, with_detail=detail)

    if EVENT_STREAM in request.headers.get("accept", ""):
        return StreamingResponse(_stream(request, run, resources), media_type=EVENT_STREAM)
    return await to_thread.run_sync(run, lambda _done, _total: None, limiter=resources.evaluators)


async def _stream(
    request: Request, run: Callable[[OnProgress], EvaluationBody], resources: Resources
) -> AsyncGenerator[bytes]:
    """Run an evaluation in a thread and stream its progress, then its result or problem."""
    progress: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
    outcome: list[bytes] = []

    async def work() -> None:
        try:
            result = await to_thread.run_sync(
                run, lambda done, total: progress.put((done, total)), limiter=resources.evaluators
            )
            outcome.append(_event("result", result.model_dump_json()))
        except Exception as error:  # the stream has begun: the last handler cannot answer any more
            if not isinstance(error, DigitserveError | ClientLeftError):
                log_failure(request, error)
            outcome.append(_event("error", json.dumps(describe_failure(request, error))))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(work)
        while not outcome:
            await anyio.sleep(POLL_S)
            if not progress.empty():
                while not progress.empty():
                    done, total = progress.get_nowait()
                yield _event("progress", json.dumps({"done": done, "total": total}))
        yield outcome[0]


def _event(name: str, data: str) -> bytes:
    """Write one server-sent event."""
    return format_sse_event(event=name, data_str=data)
