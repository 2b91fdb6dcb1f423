"""Resources that the lifespan made and the routes use."""

from dataclasses import dataclass
from typing import Annotated, Any

from anyio import CapacityLimiter
from fastapi import Depends, Query, Request

from service.recognition import Model, Models
from service.schemas import Problem
from service.settings import Settings


@dataclass(frozen=True)
class Resources:
    """What lives from start-up to shutdown.

    Attributes:
        settings: The settings.
        models: The loaded models.
        decoders: Bounds the threads that decode large uploads.
        evaluators: Bounds the evaluations that run at once.
    """

    settings: Settings
    models: Models
    decoders: CapacityLimiter
    evaluators: CapacityLimiter


def _resources(request: Request) -> Resources:
    resources: Resources = request.state.resources
    return resources


DepResources = Annotated[Resources, Depends(_resources)]


def _model(
    resources: DepResources,
    model: Annotated[str | None, Query(description="Name of a served model")] = None,
) -> Model:
    return resources.models.find(model)


DepModel = Annotated[Model, Depends(_model)]

PROBLEM: dict[str, Any] = {
    "model": Problem,
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Declare problem documents of these statuses for OpenAPI."""
    return dict.fromkeys(statuses, PROBLEM)
