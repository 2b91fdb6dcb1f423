"""A replica's application, without Ray."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Message

from service.app import create_app
from service.cluster.replica import ReplicaApp
from service.settings import Settings
from tests.pictures import draw, encode


async def _run_lifespan(app: ASGIApp, begun: asyncio.Event, end: asyncio.Event) -> None:
    """Run a lifespan as uvicorn's does."""
    is_first = True

    async def receive() -> Message:
        nonlocal is_first
        if is_first:
            is_first = False
            return {"type": "lifespan.startup"}
        await end.wait()
        return {"type": "lifespan.shutdown"}

    async def send(_message: Message) -> None:
        begun.set()

    state: MutableMapping[str, Any] = {}
    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": state}, receive, send)


async def _ask(method: str, path: str, **request: Any) -> httpx.Response:
    """Send one request to a replica whose lifespan runs, without the state that a server adds."""
    replica = ReplicaApp(create_app(Settings(), can_change_versions=False))
    begun, end = asyncio.Event(), asyncio.Event()
    lifespan = asyncio.create_task(_run_lifespan(replica, begun, end))
    await begun.wait()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(replica), base_url="http://test"
    ) as client:
        response = await client.request(method, path, **request)
    assert replica.resources.models.by_name
    end.set()
    await lifespan
    return response


class TestReplicaApp:
    """`ReplicaApp`."""

    @pytest.mark.parametrize("path", ["/predict", "/predict?detail=false"])
    def test_requests_find_what_the_lifespan_made(self, path: str) -> None:
        """An upload is answered, on the fast path and through the framework."""
        answer = asyncio.run(_ask("POST", path, content=encode(draw())))

        assert answer.status_code == 200

    def test_the_id_is_left_to_the_proxy(self) -> None:
        """An answer has no id of its own beside the proxy's; a problem document has the proxy's."""
        headers = {"x-request-id": "the-proxys"}

        answer = asyncio.run(_ask("POST", "/predict", content=b"", headers=headers))

        assert "x-request-id" not in answer.headers
        assert answer.json()["instance"].endswith("the-proxys")

    def test_versions_stay_as_they_are(self) -> None:
        """A replica's versions are not changed beside those of the others."""
        answer = asyncio.run(_ask("POST", "/model/reload"))

        assert answer.status_code == 409
        assert "replicas" in answer.json()["detail"]
