"""`POST /predict`: one image in, the digit on it out."""

import functools
import time
from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from service.answers.schemas import PredictionBody
from service.answers.writing import answer_prediction, write_json
from service.inference.recognition import Model
from service.intake.admission import Place
from service.intake.decoders import Decoders
from service.intake.uploads import single_file, split_files
from service.preprocessing import (
    CanonicalDigit,
    OpenedImage,
    Picture,
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

T = TypeVar("T")

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

    A small photo in company is decoded in a thread, beside the event loop since decoders let go of Python's
    lock, and preprocessed on the loop, in its turn, since preprocessing does not. A JPEG that shows no ink is
    decoded once more there, for its colours.
    """
    limits = resources.settings.upload_limits
    if len(file) > INLINE_BYTES:
        work = functools.partial(_open_in_turn, file, limits, place)
        return await _in_thread(work, resources, resources.decoders)
    started = time.perf_counter()
    image = open_image(file, limits)
    if image.num_pixels <= (INLINE_PIXELS_ALONE if place.is_alone else INLINE_PIXELS):
        return _preprocess(_decode(image, place.record, started), place.record)
    if image.num_pixels <= INLINE_PIXELS_ALONE:
        decode = functools.partial(_decode_in_turn, image, place)
        picture = await _in_thread(decode, resources, resources.photo_decoder)
        await resources.turns.wait()
        place.check()
        return _preprocess(picture, place.record)
    see_all = functools.partial(_see_in_turn, image, place)
    return await _in_thread(see_all, resources, resources.decoders)


async def _in_thread(work: Callable[[], T], resources: Resources, threads: Decoders) -> T:
    """Do some work in one of these threads, when its turn comes."""
    return await threads.run(resources.decoder_watch.run, work)


def _open_in_turn(file: bytes, limits: UploadLimits, place: Place) -> CanonicalDigit:
    """Open and preprocess a file whose turn has come, if it is still wanted."""
    place.check()
    started = time.perf_counter()
    return _preprocess(_decode(open_image(file, limits), place.record, started), place.record)


def _see_in_turn(image: OpenedImage, place: Place) -> CanonicalDigit:
    """Decode and preprocess a picture whose turn has come, if it is still wanted."""
    return _preprocess(_decode_in_turn(image, place), place.record)


def _decode_in_turn(image: OpenedImage, place: Place) -> Picture:
    """Decode a picture whose turn has come, if it is still wanted."""
    place.check()
    return _decode(image, place.record, time.perf_counter())


def _decode(image: OpenedImage, record: RequestRecord, started: float) -> Picture:
    """Decode a picture, and note how long it took since `started`, by `perf_counter`."""
    picture = image.decode()
    record.decode_at, record.decode_s = started, time.perf_counter() - started
    return picture


def _preprocess(picture: Picture, record: RequestRecord) -> CanonicalDigit:
    """Preprocess a decoded picture, and note how long it took."""
    started = time.perf_counter()
    seen = canonicalise(picture)
    record.preprocess_at, record.preprocess_s = started, time.perf_counter() - started
    return seen
