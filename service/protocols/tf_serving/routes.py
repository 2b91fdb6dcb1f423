"""`/v1`: the routes of TensorFlow Serving, told apart by its own patterns.

What is no route of its is a malformed request there, of whichever method; so it is here.
"""

import functools
import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from service.errors import DigitserveError, ProtocolError, UnknownModelError, UnknownVersionError
from service.inference.models import Models
from service.inference.recognition import Model, Prediction
from service.protocols.bodies import take_in_request
from service.protocols.recognising import recognise
from service.protocols.tf_serving.explaining import MAX_EXPLAINED, explain_images
from service.protocols.tf_serving.metadata import METHOD, describe_signature, describe_version
from service.protocols.tf_serving.requests import read_classify, read_predict
from service.protocols.versions import loaded_versions
from service.resources import DepResources, Resources

STABLE = "stable"  # the label of the version that is served
_VERSION = r"(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
# Source: http_rest_api_handler.cc.
_CALL = re.compile(
    rf"/v1/models/(?P<name>[^/:]+){_VERSION}:(?P<call>classify|regress|predict|explain)",
    re.IGNORECASE,
)
_LOOK = re.compile(
    rf"/v1/models(?:/(?P<name>[^/:]+))?{_VERSION}(?P<metadata>/metadata)?", re.IGNORECASE
)

# Routes of the usual paths, for metrics and traces to name; the patterns above say what is one, in any case.
_MODEL = "/v1/models/{name}"
_VERSIONS = ("", "/versions/{version}", "/labels/{label}")
_METHODS = ("predict", "classify", "regress", "explain")
CALLS = tuple(f"{_MODEL}{version}:{method}" for version in _VERSIONS for method in _METHODS)
LOOKS = tuple(f"{_MODEL}{version}{rest}" for version in _VERSIONS for rest in ("", "/metadata"))
ANY = ("/v1/{rest:path}", "/V1/{rest:path}")

router = APIRouter(include_in_schema=False)
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def _at(method: str, *templates: str) -> Callable[[Endpoint], Endpoint]:
    """Have a function answer a method at paths of these templates."""

    def route(endpoint: Endpoint) -> Endpoint:
        for template in templates:
            router.add_api_route(template, endpoint, methods=[method])
        return endpoint

    return route


class Target(NamedTuple):
    """Which model a path names, and which version of it, by number or label."""

    name: str
    version: str | None
    label: str | None


@_at("POST", *CALLS, *ANY)
async def call(request: Request, resources: DepResources) -> Response:
    """Answer `:predict`, `:classify` and `:explain`; the Content-Type means nothing, as there."""
    path = _CALL.fullmatch(request.scope["path"])
    if path is None:
        raise _malformed(request)
    model = find_servable(resources.models, _target(path))
    method = path["call"].lower()
    if method == "regress":
        raise ProtocolError(
            "Expected regression signature method_name to be tensorflow/serving/regress. Was: "
            + METHOD
        )
    return await _ANSWERS[method](request, resources, model)


@_at("GET", "/v1/models", *LOOKS, *ANY)
async def look(request: Request, resources: DepResources) -> JSONResponse:
    """Tell the state of a model's versions, or its signature."""
    path = _LOOK.fullmatch(request.scope["path"])
    if path is None:
        raise _malformed(request)
    if path["name"] is None:
        raise ProtocolError("Missing model name in request.")
    if path["metadata"]:
        return JSONResponse(describe_signature(find_servable(resources.models, _target(path))))
    return JSONResponse({"model_version_status": list_versions(resources.models, _target(path))})


class _Refusal:
    """Refuses what no route answers, whatever its method."""

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        """Refuse one request."""
        raise _malformed(Request(scope))


for _path in ("/v1", "/V1", *ANY):
    router.add_route(_path, _Refusal())  # type: ignore[arg-type]  # an application has no bound on methods


async def predict(request: Request, resources: Resources, model: Model) -> Response:
    """Return the probabilities [N, 10] of the images, by the name of the form that they came in."""
    max_images = resources.settings.max_batch_images
    read = functools.partial(read_predict, max_images=max_images)
    asked, place = await take_in_request(request, resources, read)
    predictions = await recognise(resources, model, asked.images, place)
    rows = [prediction.probabilities.tolist() for prediction in predictions]
    return JSONResponse({"predictions" if asked.is_row else "outputs": rows})


async def classify(request: Request, resources: Resources, model: Model) -> Response:
    """Return every digit with its probability, for each image."""
    max_images = resources.settings.max_batch_images
    read = functools.partial(read_classify, max_images=max_images)
    images, place = await take_in_request(request, resources, read)
    predictions = await recognise(resources, model, images, place)
    return JSONResponse({"results": [_label(prediction) for prediction in predictions]})


def _label(prediction: Prediction) -> list[tuple[str, float]]:
    return [(str(digit), share) for digit, share in enumerate(prediction.probabilities.tolist())]


async def explain(request: Request, resources: Resources, model: Model) -> Response:
    """Return the probabilities of the images, and which ink spoke for each answer; a few at once."""
    max_images = min(MAX_EXPLAINED, resources.settings.max_batch_images)
    read = functools.partial(read_predict, max_images=max_images)
    asked, place = await take_in_request(request, resources, read, gate=resources.explanation_gate)
    work = functools.partial(explain_images, resources, model, asked.images, place)
    answer = await to_thread.run_sync(work, limiter=resources.explainers)
    return Response(answer, media_type="application/json")


_ANSWERS = {"predict": predict, "classify": classify, "explain": explain}


def find_servable(models: Models, target: Target) -> Model:
    """Return the model that a path names.

    Raises:
        UnknownModelError: If it is not served, or that version not loaded.
        ProtocolError: If it has no such label.
    """
    if target.label not in {None, STABLE}:
        raise ProtocolError(f"Unrecognized servable version label: {target.label}")
    try:
        return models.find(target.name, target.version)
    except DigitserveError as error:
        servable = (
            f"Specific({target.name}, {target.version})"
            if target.version
            else f"Latest({target.name})"
        )
        raise UnknownModelError(f"Servable not found for request: {servable}") from error


def list_versions(models: Models, target: Target) -> list[dict[str, Any]]:
    """Describe the versions of a model, or the one that is asked for.

    Raises:
        UnknownModelError: If there is no such model.
        UnknownVersionError: If there is no such version.
        ProtocolError: If there is no such label.
    """
    if target.name not in models.by_name:
        raise UnknownModelError(f"Could not find any versions of model {target.name}")
    version = find_servable(models, target).version if target.label else target.version
    states = [describe_version(each) for each in loaded_versions(models, target.name)]
    refused = models.refused.get(target.name, {})
    states += [describe_version(each, refusal=reason) for each, reason in refused.items()]
    chosen = [state for state in states if version in {None, state["version"]}]
    if not chosen:
        raise UnknownVersionError(f"Could not find version {version} of model {target.name}")
    return chosen


def _target(path: re.Match[str]) -> Target:
    return Target(path["name"], path["version"], path["label"])


def _malformed(request: Request) -> ProtocolError:
    return ProtocolError(f"Malformed request: {request.scope['method']} {request.scope['path']}")
