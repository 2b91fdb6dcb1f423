"""What surrounds every request."""

import asyncio
import logging
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from service.intake.admission import Gate
from service.intake.body_memory import BodyMemory
from service.intake.slow_bodies import SlowBodies
from service.intake.uploads import read_body
from service.middleware.request_context import RequestContext
from service.routes.intake import PLACE


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer everything with 204."""
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def _unused() -> Message:
    """Stand for a body that nobody reads."""
    raise AssertionError


async def _ignore(_message: Message) -> None:
    """Send nothing."""


def _request(**fields: Any) -> list[Message]:
    """Send one request through the middleware, and return what comes back."""
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], **fields}
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(RequestContext(_answer)(scope, receive, send))
    return sent


class TestRequestContext:
    """`RequestContext`."""

    def test_path_cannot_forge_a_log_line(self, caplog: pytest.LogCaptureFixture) -> None:
        """Line breaks in a path stay quoted."""
        with caplog.at_level(logging.INFO, logger="digitserve"):
            _request(path="/a\nid=forged status=200")

        assert caplog.messages[0].splitlines() == [caplog.messages[0]]
        assert "path=/a%0Aid%3Dforged%20status%3D200 status=204" in caplog.messages[0]

    @pytest.mark.parametrize("offered", [b"a b", b"x" * 65, b""], ids=["space", "long", "none"])
    def test_odd_request_ids_are_replaced(self, offered: bytes) -> None:
        """An id that is not short and plain is replaced by a new one."""
        start = _request(headers=[(b"x-request-id", offered)])[0]

        assert len(dict(start["headers"])[b"x-request-id"]) == 32

    @pytest.mark.parametrize(("method", "seen"), [("HEAD", "GET"), ("POST", "POST")])
    def test_head_is_answered_as_get(self, method: str, seen: str) -> None:
        """Routes know no HEAD; the server, which drops the body, still does."""
        scopes: list[Scope] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scopes.append(scope)
            await _answer(scope, receive, send)

        scope = {"type": "http", "method": method, "path": "/", "headers": []}
        asyncio.run(RequestContext(app)(scope, _unused, _ignore))

        assert scopes[0]["method"] == seen
        assert scope["method"] == method

    def test_head_is_logged_as_asked(self, caplog: pytest.LogCaptureFixture) -> None:
        """The log has the client's method."""
        with caplog.at_level(logging.INFO, logger="digitserve"):
            _request(method="HEAD")

        assert "method=HEAD" in caplog.messages[0]

    def test_client_that_leaves(self, caplog: pytest.LogCaptureFixture) -> None:
        """A client that left before its upload was whole is answered nothing, and is no failure of ours."""
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        async def app(scope: Scope, receive: Receive, _send: Send) -> None:
            await read_body(Request(scope, receive), 10, SlowBodies(60), BodyMemory(100))

        scope = {"type": "http", "method": "POST", "path": "/predict", "headers": []}
        with caplog.at_level(logging.INFO, logger="digitserve"):
            asyncio.run(RequestContext(app)(scope, receive, send))

        assert not sent
        assert "status=499" in caplog.messages[0]

    def test_failure_of_an_answer_that_has_begun(self) -> None:
        """It reaches the server, which cuts the answer off; a second answer does not follow."""
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            raise OSError("broken")

        scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
        with pytest.raises(OSError, match="broken"):
            asyncio.run(RequestContext(app)(scope, _unused, send))

        assert [message["type"] for message in sent] == ["http.response.start"]

    def test_other_protocols_pass(self) -> None:
        """What is no HTTP request, a start-up say, passes untouched."""
        seen: list[Scope] = []

        async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
            seen.append(scope)

        async def unused(*_: Any) -> Any:
            raise AssertionError

        asyncio.run(RequestContext(app)({"type": "lifespan"}, unused, unused))

        assert seen == [{"type": "lifespan"}]

    def test_place_is_free_before_the_answer_ends(self) -> None:
        """Whoever has the whole answer finds the place free that it was given in."""
        gate, taken = Gate(1), list[int]()

        async def app(scope: Scope, _receive: Receive, send: Send) -> None:
            scope["state"][PLACE] = gate.enter(60)
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"a", "more_body": True})
            await send({"type": "http.response.body", "body": b"b"})

        async def send(_message: Message) -> None:
            taken.append(gate.num_taken)

        scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "state": {}}
        asyncio.run(RequestContext(app)(scope, _unused, send))

        assert taken == [1, 1, 0]
