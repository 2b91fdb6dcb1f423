"""`POST /predict`: one image in, the digit on it out."""

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Query, Request

from service.preprocessing import CanonicalDigit, preprocess, read_header
from service.recognition import Model, Prediction
from service.routes.pictures import to_data_url
from service.routes.resources import DepModel, DepResources, Resources, problems
from service.schemas import BoxBody, Detail, ModelIdentity, PredictionBody
from service.uploads import read_body, single_file, split_files

INLINE_PIXELS = 250_000  # a thread hop costs more than decoding so few

router = APIRouter()

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_BODY = {
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
    response_model_exclude_none=True,
    responses=problems(404, 413, 415, 422),
    openapi_extra=_BODY,
    summary="Recognise the digit on an image",
)
async def predict(
    request: Request,
    resources: DepResources,
    model: DepModel,
    detail: Annotated[bool, Query(description="Add what the model saw")] = False,
) -> PredictionBody:
    """Find the digit on an upload and say which it is."""
    body = await read_body(request, resources.settings.max_upload_bytes)
    upload = single_file(split_files(body, request.headers))
    seen = await _see(upload, resources)
    return _to_body(model, model.predict(seen), with_detail=detail)


async def _see(upload: bytes, resources: Resources) -> CanonicalDigit:
    """Preprocess small pictures at once and large ones in a thread, so that nobody waits for a photo."""
    limits = resources.upload_limits
    if read_header(upload, limits).pixels <= INLINE_PIXELS:
        return preprocess(upload, limits)
    return await to_thread.run_sync(preprocess, upload, limits, limiter=resources.decoders)


def _to_body(model: Model, prediction: Prediction, *, with_detail: bool) -> PredictionBody:
    """Write a prediction as the contract's JSON."""
    manifest = model.bundle.manifest
    fields: dict[str, Any] = {
        "class": prediction.digit,
        "confidence": prediction.confidence,
        "probabilities": prediction.probabilities.tolist(),
        "status": prediction.status,
        "warnings": list(prediction.seen.warnings),
        "model": ModelIdentity(name=manifest.name, version=manifest.version),
    }
    if with_detail:
        seen = prediction.seen
        box = BoxBody(
            left=seen.ink_box.left,
            top=seen.ink_box.top,
            right=seen.ink_box.right,
            bottom=seen.ink_box.bottom,
        )
        fields["detail"] = Detail(
            canonical=to_data_url(seen.image), ink_box=box, steps=list(seen.steps)
        )
    return PredictionBody(**fields)
