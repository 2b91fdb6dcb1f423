"""`POST /predict`: one image in, the digit on it out."""

import functools
import time
from collections.abc import Callable
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from service.answers.schemas import PredictionBody
from service.answers.writing import answer_prediction, write_json
from service.inference.recognition import Model
from service.intake.admission import Place
from service.intake.uploads import single_file, split_files
from service.preprocessing import (
    CanonicalDigit,
    OpenedImage,
    UploadLimits,
    canonicalise,
    open_image,
)
from service.resources import DepModel, DepResources, Resources, problems
from service.routes.intake import TIMEOUT_PARAMETER, Admitted, take_in
from service.telemetry.request_record import RequestRecord
from service.telemetry.server_timing import HEADER, write_server_timing

INLINE_PIXELS = 100_000  # a thread hop costs a good part of decoding so few
INLINE_PIXELS_ALONE = (
    400_000  # two milliseconds of a JPEG, when nobody else waits for the event loop
)
INLINE_BYTES = 400_000  # of that many pixels at most; headers can take 0.3 s a megabyte

router = APIRouter()

_BINARY = {"schema": {"type": "string", "format": "binary"}}
IMAGE_BODY = {
    "parameters": [TIMEOUT_PARAMETER],
    "requestBody": {
        "required": True,
        "description": "One PNG, JPEG, WEBP, GIF, BMP or TIFF; as a multipart file or as the body itself.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "image/*": _BINARY,
            "application/octet-stream": _BINARY,
        },
    },
}


@router.post(
    "/predict",
    response_model=PredictionBody,
    responses=problems(404, 408, 413, 415, 422, 503),
    openapi_extra=IMAGE_BODY,
    summary="Recognise the digit on an image",
)
async def predict(
    request: Request,
    resources: DepResources,
    model: DepModel,
    detail: Annotated[bool, Query(description="Add what the model saw")] = False,
) -> Response:
    """Find the digit on an upload and say which it is; with `detail`, also how long each step took."""
    upload = await take_in(request, resources, max_bytes=resources.settings.max_upload_bytes)
    answer = await answer_upload(upload, resources, model, with_detail=detail)
    headers = {HEADER: write_server_timing(upload.place.record)} if detail else None
    return Response(answer, media_type="application/json", headers=headers)


async def answer_upload(
    upload: Admitted, resources: Resources, model: Model, *, with_detail: bool
) -> bytes:
    """Recognise the digit on an upload.

    Args:
        upload: Its body is multipart, or the file itself.
        resources: What the lifespan made.
        model: Which model is to answer.
        with_detail: Whether to add what the model saw.

    Returns:
        The answer's JSON.
    """
    file = single_file(split_files(upload.body))
    seen = await see(file, resources, upload.place)
    prediction = await resources.predict(model, seen, upload.place)
    return write_json(answer_prediction(model, prediction, with_detail=with_detail))


async def see(file: bytes, resources: Resources, place: Place) -> CanonicalDigit:
    """Preprocess small pictures at once and large ones in a thread, so that nobody waits for a photo.

    Of a camera's small photos, a thread would take a third of the time; so they go there only in company.
    """
    limits = resources.settings.upload_limits
    if len(file) > INLINE_BYTES:
        work = functools.partial(_open_in_turn, file, limits, place)
        return await _in_thread(work, resources)
    started = time.perf_counter()
    image = open_image(file, limits)
    if image.num_pixels <= (INLINE_PIXELS_ALONE if place.is_alone else INLINE_PIXELS):
        return _preprocess(image, place.record, started)
    return await _in_thread(functools.partial(_see_in_turn, image, place), resources)


async def _in_thread(work: Callable[[], CanonicalDigit], resources: Resources) -> CanonicalDigit:
    """Decode in a thread, when its turn comes."""
    return await to_thread.run_sync(resources.decoder_watch.run, work, limiter=resources.decoders)


def _open_in_turn(file: bytes, limits: UploadLimits, place: Place) -> CanonicalDigit:
    """Preprocess a file whose turn has come, if it is still wanted."""
    place.check()
    started = time.perf_counter()
    return _preprocess(open_image(file, limits), place.record, started)


def _see_in_turn(image: OpenedImage, place: Place) -> CanonicalDigit:
    """Preprocess a picture whose turn has come, if it is still wanted."""
    place.check()
    return _preprocess(image, place.record, time.perf_counter())


def _preprocess(image: OpenedImage, record: RequestRecord, started: float) -> CanonicalDigit:
    """Decode and preprocess a picture, and note how long each took since `started`, by `perf_counter`."""
    picture = image.decode()
    decoded = time.perf_counter()
    record.decode_at, record.decode_s = started, decoded - started
    seen = canonicalise(picture)
    record.preprocess_s = time.perf_counter() - decoded
    return seen
