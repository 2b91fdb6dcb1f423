"""The application in this process, with engines that a test controls."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
from starlette.types import ASGIApp, Receive, Scope, Send

from service.app import create_app
from service.bundle import Bundle
from service.inference.batching import Batcher
from service.inference.models import Models
from service.inference.recognition import Model
from service.preprocessing import PREPROCESSING_VERSION
from service.resources import Resources
from service.settings import Settings
from service.telemetry.metrics.recorder import Recorder
from service.versions.changes import Versions


class FakeEngine:
    """Says that every digit is a 7, until it is told to fail.

    Attributes:
        failure: Raised by every call, if there is one.
        probabilities: float32 [10], the answer to every digit.
    """

    name = "fake"
    device = "cpu"
    batch_sizes: tuple[int, ...] = (1, 2, 4)

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.probabilities = np.eye(10, dtype=np.float32)[7]

    def predict(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Answer each digit, or fail."""
        if self.failure is not None:
            raise self.failure
        return np.tile(self.probabilities, (len(images), 1))


def load_model(engine: FakeEngine) -> Model:
    """Put the embedded bundle's manifest and digits together with a fake engine."""
    path = Settings().models_dir / "digits/1"
    return Model(Bundle.read(path, preprocessing_version=PREPROCESSING_VERSION), engine)


def ask(  # noqa: PLR0913 - what a test may choose
    model: Model,
    method: str,
    path: str,
    *,
    settings: Settings | None = None,
    versions: Versions | None = None,
    prepare: Callable[[Resources], object] | None = None,
    recorder: Recorder | None = None,
    **request: Any,
) -> httpx.Response:
    """Send one request to an application that serves a model, without a socket.

    Args:
        model: The one model that is served.
        method: HTTP method.
        path: Path and query.
        settings: Default: those of the environment.
        versions: What changes versions, if anything does.
        prepare: Called with what every request is given, before the request is sent.
        recorder: What counts the request; default: one that is seen no more.
        **request: What `httpx.AsyncClient.request` takes besides.
    """
    settings = settings or Settings()
    model.batcher = Batcher(model.engine)  # a test may have given it another engine
    models = Models({model.bundle.manifest.name: model}, model.bundle.manifest.name)
    resources = Resources(
        settings,
        models,
        versions=versions,
        recorder=recorder or Recorder(),
    )
    if prepare is not None:
        prepare(resources)
    return asyncio.run(_send(_with_state(create_app(settings), resources), method, path, request))


def drain(resources: Resources) -> None:
    """Tell the service to stop."""
    resources.lifecycle.is_draining = True


def _with_state(app: ASGIApp, resources: Resources) -> ASGIApp:
    """Give every request what the lifespan would have given it."""

    async def app_with_state(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": {"resources": resources}}, receive, send)

    return app_with_state


async def _send(app: ASGIApp, method: str, path: str, request: dict[str, Any]) -> httpx.Response:
    """Send one request; the application logs its failure and raises it again, which a server ignores."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.request(method, path, **request)
