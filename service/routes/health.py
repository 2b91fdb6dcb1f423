"""`GET /health`, its probes and `GET /model`: who serves, and whether it works."""

from typing import Annotated

from fastapi import APIRouter, Query

from service.answers.schemas import HealthBody, ProbeBody, ServedModel
from service.errors import NotReadyError
from service.inference.pulse import find_failing
from service.inference.recognition import Model
from service.manifest import Manifest
from service.resources import DepResources, problems

router = APIRouter()


@router.get("/health", summary="Alive, ready, and which models are served")
async def health(resources: DepResources) -> HealthBody:
    """Tell by a recent real inference whether every model works."""
    served = [_describe(model) for model in resources.models.by_name.values()]
    is_ready = resources.is_working and not resources.lifecycle.is_draining
    return HealthBody(alive=True, ready=is_ready, models=served)


@router.get("/health/live", summary="Whether the process answers")
async def live() -> ProbeBody:
    """Answer; that is the whole proof."""
    return ProbeBody(status="live")


@router.get("/health/ready", responses=problems(503), summary="Whether predictions can be made")
async def ready(resources: DepResources) -> ProbeBody:
    """Answer after a recent real inference of every model.

    Raises:
        NotReadyError: If one fails, or the service was told to stop.
    """
    if resources.lifecycle.is_draining:
        raise NotReadyError("The service was told to stop, and serves only what is still coming.")
    failing = find_failing(resources.models)
    if failing:
        raise NotReadyError(
            f"Has passed no self-test, a real inference, of late: {', '.join(failing)}. It failed, which was "
            "logged, or hangs: restart the service, or export the model anew."
        )
    if resources.decoder_watch.has_hung:
        raise NotReadyError(
            f"A picture has been decoded for more than {resources.decoder_watch.timeout_s:g} s: the thread hangs, "
            "and cannot be ended. Restart the service."
        )
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
    """Describe a model; the age of its self-test grows while it fails."""
    return ServedModel(
        name=model.bundle.manifest.name,
        version=model.bundle.manifest.version,
        engine=model.engine.name,
        device=model.engine.device,
        self_test_age_s=round(model.self_test_age_s, 3),
    )
