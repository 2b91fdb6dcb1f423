"""`POST /explain`: one image in, what the network made of it out, as JSON or a picture."""

from typing import Annotated, Literal

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from service.answers.schemas import ExplanationBody
from service.answers.writing import answer_explanation, answer_saliency, write_json
from service.errors import ExplanationError
from service.explanation import Layer, Saliency, draw_layer, draw_saliency, find_saliency
from service.inference.recognition import Model, Prediction
from service.intake.uploads import single_file, split_files
from service.preprocessing import CanonicalDigit
from service.resources import DepModel, DepResources, problems
from service.routes.intake import take_in
from service.routes.predict import IMAGE_BODY, see

ALL = "*"
PNG = "image/png"

router = APIRouter()


class Wish(BaseModel):
    """What a request wants to see: the parameters of its query."""

    layer: list[str] = Field([], description="Layer whose activations to add; `*`: every one")
    weights: bool = Field(False, description="Add the weights of these layers")
    saliency: bool = Field(False, description="Add which ink spoke for the answer")
    format: Literal["json", "png"] = Field(
        "json", description="`png`: the maps of one layer, or the saliency"
    )


@router.post(
    "/explain",
    response_model=ExplanationBody,
    responses={
        200: {"content": {PNG: {"schema": {"type": "string", "format": "binary"}}}},
        **problems(404, 408, 413, 415, 422, 503),
    },
    openapi_extra=IMAGE_BODY,
    summary="Show what the network made of an image",
)
async def explain(
    request: Request, resources: DepResources, model: DepModel, wish: Annotated[Wish, Query()]
) -> Response:
    """Recognise the digit on an upload, and show its way through the network."""
    body, place = await take_in(
        request,
        resources,
        max_bytes=resources.settings.max_upload_bytes,
        gate=resources.explanation_gate,
    )
    seen = await see(single_file(split_files(body)), resources, place)
    answer = _draw if wish.format == "png" else _write

    def explain_in_turn() -> bytes:
        place.check()
        return answer(model, seen, wish)

    content = await to_thread.run_sync(explain_in_turn, limiter=resources.explainers)
    return Response(content, media_type=PNG if wish.format == "png" else "application/json")


def _write(model: Model, seen: CanonicalDigit, wish: Wish) -> bytes:
    """Write an explanation as JSON."""
    prediction = model.predict(seen)
    layers = model.network.explain(seen.image)
    chosen = [layer.name for layer in _choose(layers, wish.layer)]
    answer = answer_explanation(model, prediction, layers, shown=chosen, with_weights=wish.weights)
    if wish.saliency:
        answer.saliency = answer_saliency(find_evidence(model, prediction))
    return write_json(answer)


def _draw(model: Model, seen: CanonicalDigit, wish: Wish) -> bytes:
    """Draw the one thing that a request wants to see.

    Raises:
        ExplanationError: If it wants none, or several.
    """
    chosen = _choose(model.network.explain(seen.image), wish.layer)
    if len(chosen) + wish.saliency != 1:
        raise ExplanationError(
            f"A picture shows one layer or the saliency, and the request asks for "
            f"{len(chosen) + wish.saliency} of them. Give layer=NAME once, or saliency=true."
        )
    if chosen:
        return draw_layer(chosen[0])
    return draw_saliency(seen.image, find_evidence(model, model.predict(seen))[0])


def _choose(layers: list[Layer], names: list[str]) -> list[Layer]:
    """Return the layers of those names, in the network's order.

    Raises:
        ExplanationError: If the network has no layer of such a name.
    """
    known = [layer.name for layer in layers]
    unknown = [name for name in names if name not in known and name != ALL]
    if unknown:
        raise ExplanationError(
            f"This network has no layer {unknown[0]!r}. Its layers are: {', '.join(known)}."
        )
    return [layer for layer in layers if ALL in names or layer.name in names]


def find_evidence(model: Model, prediction: Prediction) -> list[Saliency]:
    """Find what spoke for the answer and for its runner-up."""
    best = prediction.probabilities.argsort()[::-1][:2]
    classes = [int(digit) for digit in best]
    return find_saliency(prediction.seen.image, model.engine.predict, classes)
