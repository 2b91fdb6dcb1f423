"""The application: settings in, an ASGI application out.

request -> RequestContext (id, HEAD, log, security headers, failures)
        -> CORS, Access (where settings ask for them) -> FastPath -> route -> response
"""

import logging
import re
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from http import HTTPStatus
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote

from anyio import CapacityLimiter
from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import __version__
from service.access import Access, is_needed
from service.admission import ClientLeftError
from service.cors import allow_origins
from service.discarding import send_and_discard
from service.fast_path import FastPath
from service.problems import answer_failure, install_handlers
from service.protocols.open_inference import routes as open_inference
from service.protocols.tf_serving import routes as tf_serving
from service.recognition import Models
from service.routes import batch, documentation, evaluate, explain, health, predict, versions
from service.routes.intake import free_place
from service.routes.resources import MAX_EVALUATIONS, Resources
from service.security_headers import security_headers
from service.security_schemes import describe_access
from service.settings import Settings
from service.versions.board import Board, make_folder
from service.versions.changes import Versions
from service.versions.examination import Examiner
from service.versions.follower import following

logger = logging.getLogger("digitserve")

CLIENT_LEFT = 499  # nginx's status in the log, of a request whose client left; nothing is sent
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class State(TypedDict):
    """What the lifespan hands to every request."""

    resources: Resources


def create_app(settings: Settings | None = None, folder: Path | None = None) -> FastAPI:
    """Build the application; models are loaded when it starts, not here.

    Args:
        settings: Default: read from the environment.
        folder: What the workers of one service share; default: one of this process alone.
    """
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[State]:
        decoders = CapacityLimiter(settings.decode_threads)
        evaluators = CapacityLimiter(MAX_EVALUATIONS)
        async with serving_models(settings, folder) as (models, versions):
            yield State(resources=Resources(settings, models, decoders, evaluators, versions))

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
    for module in (predict, batch, explain, evaluate, health, versions, documentation):
        app.include_router(module.router)
    for protocol in (open_inference, tf_serving):
        app.include_router(protocol.router)
    app.add_api_route("/", _to_docs, include_in_schema=False)
    app.add_middleware(FastPath)
    if is_needed(settings):
        app.add_middleware(Access, settings)
    describe_access(app, settings)
    app.add_middleware(allow_origins, settings.cors_origins)
    app.add_middleware(RequestContext, allow_origins(answer_failure, settings.cors_origins))
    install_handlers(app)
    return app


@asynccontextmanager
async def serving_models(
    settings: Settings, folder: Path | None
) -> AsyncGenerator[tuple[Models, Versions | None]]:
    """Load and warm the models, and keep them as all workers agree; give what changes their versions."""
    with nullcontext(folder) if folder else make_folder() as place:
        board = Board(place) if place else None
        async with following(
            board, settings.models_dir, default=settings.model, engine=settings.engine
        ) as models:
            if settings.require_gpu:
                models.require_gpu()
            yield models, _changing(settings, board) if board else None


def _changing(settings: Settings, board: Board) -> Versions:
    """Give what changes versions."""
    return Versions(
        board,
        settings.models_dir,
        Examiner(settings.engine),
        max_accuracy_drop=settings.reload_max_accuracy_drop,
    )


async def _to_docs() -> RedirectResponse:
    """Show a person who opens the root what there is."""
    return RedirectResponse("/docs")


class RequestContext:
    """Gives every request an id, answers HEAD like GET, and logs one line a request.

    The id is the client's `X-Request-ID` where it is short and plain, else a new one; it comes back in
    the same header and in problem documents. Every answer gets the security headers, and so does that
    to a failure which nobody foresaw.

    Args:
        app: What is behind it.
        answer_failure: Answers a request that failed with `scope["failure"]`.
    """

    def __init__(self, app: ASGIApp, answer_failure: ASGIApp = answer_failure) -> None:
        self.app = app
        self._answer_failure = answer_failure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _choose_id(scope)
        scope["request_id"] = request_id
        scope = _head_as_get(scope)
        started, status, has_begun = time.perf_counter(), 500, False

        async def send_with_headers(message: Message) -> None:
            nonlocal status, has_begun
            if message["type"] == "http.response.start":
                status, has_begun = message["status"], True
                headers = message["headers"]
                own = (b"x-request-id", request_id.encode())
                message["headers"] = [*headers, own, *security_headers(headers)]
            elif status >= HTTPStatus.BAD_REQUEST:
                await send_and_discard(message, scope, receive, send)
                return
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except (ClientDisconnect, ClientLeftError):
            status = CLIENT_LEFT
        except Exception as error:
            if has_begun:  # the server will cut the answer off
                raise
            # The framework's last handler lies outside, and its answer would lack these headers.
            scope["failure"] = error
            await self._answer_failure(scope, receive, send_with_headers)
        finally:
            free_place(scope)
            duration_ms = (time.perf_counter() - started) * 1000
            logger.info(
                "id=%s method=%s path=%s status=%d duration_ms=%.1f",
                request_id,
                scope["method"],
                quote(scope["path"]),  # a path may hold line breaks, which would forge log lines
                status,
                duration_ms,
            )


def _choose_id(scope: Scope) -> str:
    """Return the id that a request offers, or a new one."""
    offered = dict(scope["headers"]).get(b"x-request-id", b"")
    return offered.decode() if _REQUEST_ID.fullmatch(offered) else uuid.uuid4().hex


def _head_as_get(scope: Scope) -> Scope:
    """Return the scope of a request, with GET in place of HEAD.

    The server drops the body of an answer to HEAD itself: in its own scope the method must stay.
    """
    return {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
