"""The application: settings in, an ASGI application out.

request -> Tracing (where a setting names a collector)
        -> RequestContext (id, HEAD, log, metrics, security headers, failures)
        -> CORS, Access (where settings ask for them) -> FastPath -> route -> response
"""

from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import TypedDict

from fastapi import FastAPI

from service import __version__
from service.answers.problems import answer_failure, install_handlers
from service.engines import bound_gpu_memory
from service.inference.models import Models
from service.inference.pulse import beating
from service.middleware.access import Access, is_needed
from service.middleware.fast_path import FastPath
from service.middleware.request_context import RequestContext
from service.middleware.security_schemes import describe_access
from service.protocols.open_inference import routes as open_inference
from service.protocols.tf_serving import routes as tf_serving
from service.resources import Resources
from service.routes import (
    batch,
    documentation,
    evaluate,
    explain,
    health,
    metrics,
    page,
    predict,
    report,
    versions,
)
from service.security.cors import allow_origins
from service.settings import Settings
from service.telemetry.bookkeeping import DELAY_S
from service.telemetry.log_stream import counting_lost_lines
from service.telemetry.metrics.block import CounterBlock
from service.telemetry.metrics.recorder import Recorder
from service.telemetry.tracing import Traces, Tracing
from service.versions.board import Board
from service.versions.changes import Versions
from service.versions.examination import Examiner
from service.versions.folder import make_folder
from service.versions.follower import following

ROUTED = (
    *(predict, batch, explain, evaluate, health, report, versions, metrics, page, documentation),
    *(open_inference, tf_serving),
)


class State(TypedDict):
    """What the lifespan hands to every request."""

    resources: Resources


def create_app(
    settings: Settings | None = None,
    folder: Path | None = None,
    counters: CounterBlock | None = None,
    *,
    can_change_versions: bool = True,
) -> FastAPI:
    """Build the application; models are loaded when it starts, not here.

    Args:
        settings: Default: read from the environment.
        folder: What the workers of one service share; default: one of this process alone.
        counters: Where all workers count for the metrics; default: this process alone.
        can_change_versions: Whether versions can be changed while it serves; not by a replica, which has no
            folder in common with the others.
    """
    settings = settings or Settings()
    traces = Traces(str(settings.otlp_endpoint)) if settings.otlp_endpoint else None

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[State]:
        place = _find_place(folder, can_change_versions)
        recorder = Recorder(counters, find_templates())
        async with _running(settings, place, recorder=recorder, traces=traces) as resources:
            yield State(resources=resources)

    app = FastAPI(
        title="digitserve",
        summary="Recognises handwritten digits.",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # the framework's own pages come without a policy
        redoc_url=None,
        # FastAPI's own telemetry looks for its providers at every request.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    for module in ROUTED:
        app.include_router(module.router)
    app.mount("/static/viewer", documentation.FILES)
    app.mount("/static", page.FILES)
    _add_middleware(app, settings, traces)
    install_handlers(app)
    return app


def _add_middleware(app: FastAPI, settings: Settings, traces: Traces | None) -> None:
    """Put what all requests pass in front of the routes: what is added last comes first."""
    app.add_middleware(FastPath)
    if is_needed(settings):
        app.add_middleware(Access, settings)
    describe_access(app, settings)
    app.add_middleware(allow_origins, settings.cors_origins)
    app.add_middleware(RequestContext, allow_origins(answer_failure, settings.cors_origins))
    if traces is not None:
        app.add_middleware(Tracing, traces)


@asynccontextmanager
async def _running(
    settings: Settings,
    place: AbstractContextManager[Path | None],
    *,
    recorder: Recorder,
    traces: Traces | None,
) -> AsyncGenerator[Resources]:
    """Run what stands behind the routes, and settle the books of the last requests at the end."""
    async with (
        traces.running(recorder) if traces else nullcontext(),
        serving_models(settings, place) as (models, versions),
    ):
        resources = Resources(
            settings,
            models,
            versions,
            recorder=recorder,
            bookkeeping_delay_s=DELAY_S,
        )
        with counting_lost_lines(recorder):
            yield resources
            resources.decoders.close()
            resources.photo_decoder.close()
            resources.bookkeeper.settle()


@asynccontextmanager
async def serving_models(
    settings: Settings, place: AbstractContextManager[Path | None]
) -> AsyncGenerator[tuple[Models, Versions | None]]:
    """Load and warm the models, and keep them as all workers agree; give what changes their versions.

    Args:
        settings: The settings.
        place: Gives the folder that the workers share, if there is one.
    """
    bound_gpu_memory(settings.engine, settings.gpu_memory_mb)
    with place as folder:
        board = Board(folder) if folder else None
        async with following(
            board, settings.models_dir, default=settings.model, engine=settings.engine
        ) as models:
            if settings.require_gpu:
                models.require_gpu()
            async with beating(models):
                yield models, _changing(settings, board) if board else None


def _find_place(
    folder: Path | None, can_change_versions: bool
) -> AbstractContextManager[Path | None]:
    """Return what gives the folder that workers share: theirs, one made for this process, or none."""
    if folder is not None or not can_change_versions:
        return nullcontext(folder)
    return make_folder()


def _changing(settings: Settings, board: Board) -> Versions:
    """Give what changes versions."""
    return Versions(
        board,
        settings.models_dir,
        Examiner(settings.engine),
        max_accuracy_drop=settings.reload_max_accuracy_drop,
    )


def find_templates() -> set[str]:
    """Return the templates of all routes, by which requests are counted."""
    routes = (route for module in ROUTED for route in module.router.routes)
    return {getattr(route, "path", "") for route in routes}
