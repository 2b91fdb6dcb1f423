"""`GET /metrics`: what Prometheus scrapes, of all workers, whichever of them answers."""

import logging
from typing import TYPE_CHECKING

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response

from service.inference.recognition import Model
from service.resources import DepResources, Resources
from service.telemetry.metrics.drift import Distribution

if TYPE_CHECKING:
    from service.telemetry.metrics.collector import ServiceCollector

logger = logging.getLogger("digitserve")

router = APIRouter()


@router.get("/monitoring/prometheus/metrics", include_in_schema=False)  # TensorFlow Serving's
@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    summary="Metrics of all workers, for Prometheus",
)
async def metrics(request: Request, resources: DepResources) -> Response:
    """Write the metrics; the first call measures the default model's reference."""
    from service.telemetry.metrics.collector import expose  # 60 ms that no start waits for

    text, content_type = expose(await collect(resources), request.headers.get("accept", ""))
    return Response(text, media_type=None, headers={"content-type": content_type})


async def collect(resources: Resources) -> "ServiceCollector":
    """Return what collects the metrics of now; the first call measures the default model's reference."""
    from service.telemetry.metrics.collector import ServiceCollector  # likewise

    resources.bookkeeper.settle()
    labels = map(_label, resources.models.by_name.values())
    return ServiceCollector(resources.recorder, labels, await _find_reference(resources))


async def _find_reference(resources: Resources) -> Distribution | None:
    """Return the default model's reference; None where its engine fails, when metrics are wanted most."""
    default, references = resources.models.find(None), resources.references
    if default not in references:
        try:
            references[default] = await to_thread.run_sync(_measure_reference, default)
        except Exception as error:  # an engine may raise anything
            logger.error("The engine fails on validation digits.", exc_info=error)
    return references.get(default)


def _measure_reference(model: Model) -> Distribution:
    """Measure how a model's validation digits and its answers to them are spread."""
    digits = model.bundle.validation_set().images
    return Distribution.of_answers(digits, model.engine.predict(digits))


def _label(model: Model) -> dict[str, str]:
    """Name a model."""
    manifest, engine = model.bundle.manifest, model.engine
    return {
        "name": manifest.name,
        "version": manifest.version,
        "engine": engine.name,
        "device": engine.device,
    }
