"""`/v2`: the routes of the Open Inference Protocol, and those of Triton's that clients call."""

import functools
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from service.errors import NotReadyError, ProtocolError
from service.inference.recognition import Model
from service.protocols.bodies import Json, as_object, parse_json, read_request, take_in_request
from service.protocols.open_inference.metadata import (
    configure_model,
    describe_model,
    describe_server,
    list_repository,
    write_statistics,
)
from service.protocols.open_inference.outputs import HEADER_LENGTH
from service.protocols.open_inference.requests import read_inference
from service.protocols.open_inference.responses import compress, write_inference
from service.protocols.recognising import recognise
from service.protocols.versions import loaded_versions
from service.resources import DepResources, Resources
from service.routes import health, versions
from service.routes.admin import require_admin

MODEL = "/v2/models/{name}"
REPOSITORY_MODEL = "/v2/repository/models/{name}"
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


@router.get("/v2/models")
async def models(resources: DepResources) -> JSONResponse:
    """List the models that are served, as KServe does."""
    return JSONResponse({"models": list(resources.models.by_name)})


@router.get("/v2/models/stats")
async def every_statistics(resources: DepResources) -> JSONResponse:
    """Tell what every model that is served has done for other protocols in this worker."""
    served = resources.models.by_name.values()
    return JSONResponse({"model_stats": [_statistics(resources, model) for model in served]})


@router.get(f"{MODEL}/stats")
@router.get(f"{VERSION}/stats")
async def model_statistics(resources: DepResources, model: DepServed) -> JSONResponse:
    """Tell what a model has done for other protocols in this worker."""
    return JSONResponse({"model_stats": [_statistics(resources, model)]})


def _statistics(resources: Resources, model: Model) -> dict[str, Any]:
    manifest = model.bundle.manifest
    counts = resources.inference_statistics.by_version[manifest.name, manifest.version]
    return write_statistics(model, counts)


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
    loaded, max_images = _versions(resources, model), resources.settings.max_batch_images
    return JSONResponse(configure_model(model, loaded, max_images=max_images))


def _versions(resources: Resources, model: Model) -> list[str]:
    return loaded_versions(resources.models, model.bundle.manifest.name)


@router.post("/v2/repository/index")
async def repository_index(request: Request, resources: DepResources) -> JSONResponse:
    """List what is loaded, and what was refused and why."""
    wanted = await read_request(request, resources, _parse_optional)
    only_ready = wanted.get("ready") is True
    return JSONResponse(list_repository(resources.models, only_ready=only_ready))


@router.post(f"{REPOSITORY_MODEL}/load", dependencies=[Depends(require_admin)])
async def load(request: Request, resources: DepResources, name: str) -> JSONResponse:
    """Answer with the newest version of a model, as `/model/reload` does."""
    parameters = (await read_request(request, resources, _parse_optional)).get("parameters")
    if parameters:
        raise ProtocolError("A model is loaded as it lies on disk: 'parameters' are not taken.")
    await versions.reload(resources, model=name)
    return JSONResponse({"name": name, "load": True})


@router.post(f"{REPOSITORY_MODEL}/unload", dependencies=[Depends(require_admin)])
async def unload(resources: DepResources, name: str) -> JSONResponse:
    """Answer with the version before, as `/model/rollback` does; a model is never without one."""
    await versions.roll_back(resources, model=name)
    return JSONResponse({"name": name, "unload": True})


def _parse_optional(body: bytes) -> dict[str, Json]:
    """Parse a small object, which may be missing."""
    return as_object(parse_json(body or b"{}", max_images=1), "The request")


@router.post(f"{MODEL}/infer")
@router.post(f"{VERSION}/infer")
async def infer(request: Request, resources: DepResources, model: DepServed) -> Response:
    """Recognise the digits of a request, and answer in the encodings that it asks for."""
    read = functools.partial(
        read_inference,
        header_length=request.headers.get(HEADER_LENGTH),
        max_images=resources.settings.max_batch_images,
    )
    asked, place = await take_in_request(request, resources, read)
    predictions = await recognise(resources, model, asked.images, place)
    body, headers = write_inference(
        model, predictions, asked.outputs, request_id=asked.id or request.scope["request_id"]
    )
    body, more_headers = compress(body, request.headers.get("accept-encoding", ""))
    return Response(body, headers={**headers, **more_headers})
