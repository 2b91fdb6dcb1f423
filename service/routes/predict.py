"""`POST /predict`: one image in, the digit on it out."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from service.answers import answer_prediction, write_json
from service.preprocessing import CanonicalDigit, open_image, preprocess, preprocess_opened
from service.recognition import Model
from service.routes.resources import DepModel, DepResources, Resources, problems
from service.schemas import PredictionBody
from service.uploads import read_body, single_file, split_files

INLINE_PIXELS = 100_000  # a thread hop costs a good part of decoding so few
INLINE_BYTES = 400_000  # of that many pixels at most; headers can take 0.3 s a megabyte

router = APIRouter()

_BINARY = {"schema": {"type": "string", "format": "binary"}}
IMAGE_BODY = {
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
    }
}


@router.post(
    "/predict",
    response_model=PredictionBody,
    responses=problems(404, 413, 415, 422),
    openapi_extra=IMAGE_BODY,
    summary="Recognise the digit on an image",
)
async def predict(
    request: Request,
    resources: DepResources,
    model: DepModel,
    detail: Annotated[bool, Query(description="Add what the model saw")] = False,
) -> Response:
    """Find the digit on an upload and say which it is."""
    body = await read_body(request, resources.settings.max_upload_bytes)
    answer = await answer_upload(body, resources, model, with_detail=detail)
    return Response(answer, media_type="application/json")


async def answer_upload(
    body: bytes, resources: Resources, model: Model, *, with_detail: bool
) -> bytes:
    """Recognise the digit on an upload.

    Args:
        body: Of the request: multipart, or the file itself.
        resources: What the lifespan made.
        model: Which model is to answer.
        with_detail: Whether to add what the model saw.

    Returns:
        The answer's JSON.
    """
    upload = single_file(split_files(body))
    seen = await see(upload, resources)
    prediction = await resources.predict(model, seen)
    return write_json(answer_prediction(model, prediction, with_detail=with_detail))


async def see(upload: bytes, resources: Resources) -> CanonicalDigit:
    """Preprocess small pictures at once and large ones in a thread, so that nobody waits for a photo."""
    limits = resources.settings.upload_limits
    if len(upload) > INLINE_BYTES:
        return await to_thread.run_sync(preprocess, upload, limits, limiter=resources.decoders)
    image = open_image(upload, limits)
    if image.num_pixels <= INLINE_PIXELS:
        return preprocess_opened(image)
    return await to_thread.run_sync(preprocess_opened, image, limiter=resources.decoders)
