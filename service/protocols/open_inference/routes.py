"""`/v2`: the routes of the Open Inference Protocol, and those of Triton's that clients call."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from service.errors import NotReadyError
from service.protocols.bodies import as_object, expand, is_light, parse_json, read_request
from service.protocols.open_inference.metadata import (
    configure_model,
    describe_model,
    describe_server,
    list_repository,
    loaded_versions,
)
from service.protocols.open_inference.outputs import HEADER_LENGTH
from service.protocols.open_inference.requests import InferenceRequest, read_inference
from service.protocols.open_inference.responses import compress, write_inference
from service.protocols.recognising import recognise
from service.recognition import Model
from service.routes import health
from service.routes.resources import DepResources, Resources

MODEL = "/v2/models/{name}"
VERSION = f"{MODEL}/versions/{{version}}"

router = APIRouter(include_in_schema=False)


async def _served(resources: DepResources, name: str, version: str | None = None) -> Model:
    """Return the model that the path names."""
    return resources.models.find(name, version or None)


DepServed = Annotated[Model, Depends(_served)]


@router.get("/v2")
@router.get("/v2/")
async def server_metadata() -> JSONResponse:
    """Say what serves, and which extensions it has."""
    return JSONResponse(describe_server())


@router.get("/v2/health/live")
async def live() -> JSONResponse:
    """Answer; that is the whole proof."""
    return JSONResponse({"live": True})


@router.get("/v2/health/ready")
async def ready(resources: DepResources) -> JSONResponse:
    """Tell whether predictions can be made; some clients read the body, others the status alone."""
    is_ready = await _is_ready(resources)
    return JSONResponse({"ready": is_ready, "live": True}, 200 if is_ready else 503)


async def _is_ready(resources: Resources) -> bool:
    """Tell whether the service's own readiness probe would succeed."""
    try:
        await health.ready(resources)
    except NotReadyError:
        return False
    return True


@router.get(MODEL)
@router.get(VERSION)
async def model_metadata(resources: DepResources, model: DepServed) -> JSONResponse:
    """Describe a model's inputs and outputs."""
    return JSONResponse(describe_model(model, _versions(resources, model)))


@router.get(f"{MODEL}/ready")
@router.get(f"{VERSION}/ready")
async def model_ready(resources: DepResources, model: DepServed) -> JSONResponse:
    """Tell whether a model can predict; without a model that fails, the service is ready."""
    is_ready = await _is_ready(resources)
    name = model.bundle.manifest.name
    return JSONResponse({"name": name, "ready": is_ready}, 200 if is_ready else 503)


@router.get(f"{MODEL}/config")
@router.get(f"{VERSION}/config")
async def model_config(resources: DepResources, model: DepServed) -> JSONResponse:
    """Describe a model as Triton's configuration does."""
    versions, max_images = _versions(resources, model), resources.settings.max_batch_images
    return JSONResponse(configure_model(model, versions, max_images=max_images))


def _versions(resources: Resources, model: Model) -> list[str]:
    return loaded_versions(resources.models, model.bundle.manifest.name)


@router.post("/v2/repository/index")
async def repository_index(request: Request, resources: DepResources) -> JSONResponse:
    """List what is loaded, and what was refused and why."""
    body = await read_request(request, resources)
    wanted = as_object(parse_json(body or b"{}", max_images=1), "The request")
    return JSONResponse(list_repository(resources.models, only_ready=wanted.get("ready") is True))


@router.post(f"{MODEL}/infer")
@router.post(f"{VERSION}/infer")
async def infer(request: Request, resources: DepResources, model: DepServed) -> Response:
    """Recognise the digits of a request, and answer in the encodings that it asks for."""
    asked = await _read(request, resources)
    predictions = await recognise(resources, model, asked.images)
    body, headers = write_inference(
        model, predictions, asked.outputs, request_id=asked.id or request.scope["request_id"]
    )
    body, more_headers = compress(body, request.headers.get("accept-encoding", ""))
    return Response(body, headers={**headers, **more_headers})


async def _read(request: Request, resources: Resources) -> InferenceRequest:
    """Read a request, in a thread if that takes long."""
    body, settings = await read_request(request, resources), resources.settings
    encoding = request.headers.get("content-encoding", "")
    header_length = request.headers.get(HEADER_LENGTH)

    def read() -> InferenceRequest:
        expanded = expand(body, encoding, settings.max_batch_bytes)
        return read_inference(expanded, header_length, max_images=settings.max_batch_images)

    if is_light(request, body):
        return read()
    return await to_thread.run_sync(read, limiter=resources.decoders)
