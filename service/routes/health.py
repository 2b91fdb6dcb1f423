"""`GET /health`, its probes and `GET /model`: who serves, and whether it works."""

from typing import Annotated

from fastapi import APIRouter, Query

from service.bundle import Manifest
from service.recognition import Model
from service.routes.resources import DepResources, problems
from service.schemas import HealthBody, ProbeBody, ServedModel

MAX_SELF_TEST_AGE_S = 5.0  # an older self-test is repeated; it takes about a millisecond

router = APIRouter()


@router.get("/health", summary="Alive, ready, and which models are served")
async def health(resources: DepResources) -> HealthBody:
    """Prove by a recent real inference that every model works."""
    served = [_describe(model) for model in resources.models.by_name.values()]
    return HealthBody(alive=True, ready=True, models=served)


@router.get("/health/live", summary="Whether the process answers")
async def live() -> ProbeBody:
    """Answer; that is the whole proof."""
    return ProbeBody(status="live")


@router.get("/health/ready", summary="Whether predictions can be made")
async def ready(resources: DepResources) -> ProbeBody:
    """Answer after a recent real inference of every model."""
    for model in resources.models.by_name.values():
        _describe(model)
    return ProbeBody(status="ready")


@router.get("/model", responses=problems(404), summary="Manifests of the bundles served")
async def manifests(
    resources: DepResources,
    model: Annotated[str | None, Query(description="Name of a served model")] = None,
) -> list[Manifest]:
    """Return every served bundle's manifest, or the named one's."""
    if model is not None:
        return [resources.models.find(model).bundle.manifest]
    return [served.bundle.manifest for served in resources.models.by_name.values()]


def _describe(model: Model) -> ServedModel:
    """Describe a model after making sure that its self-test is recent."""
    if model.self_test_age_s > MAX_SELF_TEST_AGE_S:
        model.self_test()
    return ServedModel(
        name=model.bundle.manifest.name,
        version=model.bundle.manifest.version,
        engine=model.engine.name,
        device=model.engine.device,
        self_test_age_s=round(model.self_test_age_s, 3),
    )
