"""Requests that are over are counted and logged together."""

import asyncio
import logging
from typing import Any

import pytest
from starlette.types import Message

from service.app import create_app
from service.settings import Settings
from service.telemetry.bookkeeping import Bookkeeper
from service.telemetry.log_lines import RequestEvent
from service.telemetry.metrics.layout import IN_FLIGHT, REQUESTS, STATUS_INDEX
from service.telemetry.metrics.recorder import Recorder
from service.telemetry.request_record import RequestRecord

ROUTE = "/predict"


def _event(name: str) -> RequestEvent:
    """Return a request that was answered."""
    return RequestEvent(name, "POST", ROUTE, 200, 0.001, RequestRecord())


def _count(recorder: Recorder) -> int:
    """Return how many answers of the route were counted."""
    return int(recorder.block.rows[0, REQUESTS + STATUS_INDEX[200]])


class TestBookkeeper:
    """`Bookkeeper`."""

    def test_at_once(self, caplog: pytest.LogCaptureFixture) -> None:
        """Without a delay a request is counted and logged as it is entered."""
        recorder = Recorder(routes=[ROUTE])

        with caplog.at_level(logging.INFO, logger="digitserve"):
            Bookkeeper(recorder).enter(ROUTE, _event("a"))

        assert _count(recorder) == 1
        assert [message.partition(" ")[0] for message in caplog.messages] == ["id=a"]

    def test_together(self, caplog: pytest.LogCaptureFixture) -> None:
        """Within the delay several wait for each other, and keep their order; the next ones wait anew."""
        recorder = Recorder(routes=[ROUTE])
        recorder.begin()  # another one, which is in work all the time
        counts = []

        async def enter() -> None:
            bookkeeper = Bookkeeper(recorder, 0.01)
            for names in ("ab", "c"):
                for name in names:
                    bookkeeper.enter(ROUTE, _event(name))
                    counts.append(_count(recorder))
                await asyncio.sleep(0.05)
                counts.append(_count(recorder))

        with caplog.at_level(logging.INFO, logger="digitserve"):
            asyncio.run(enter())

        assert counts == [0, 0, 2, 2, 3]
        assert [message.partition(" ")[0] for message in caplog.messages] == [
            "id=a",
            "id=b",
            "id=c",
        ]

    def test_alone(self) -> None:
        """Where nothing else is in work they are counted in the loop's next turn, when the answer has left."""
        recorder = Recorder(routes=[ROUTE])
        counts = []

        async def enter() -> None:
            bookkeeper = Bookkeeper(recorder, 60)
            for name in "ab":
                bookkeeper.enter(ROUTE, _event(name))
            counts.append(_count(recorder))
            await asyncio.sleep(0)
            counts.append(_count(recorder))

        asyncio.run(enter())

        assert counts == [0, 2]

    def test_settled(self) -> None:
        """What waits can be counted at any time, once."""
        recorder = Recorder(routes=[ROUTE])

        async def enter() -> None:
            bookkeeper = Bookkeeper(recorder, 60)
            bookkeeper.enter(ROUTE, _event("a"))
            bookkeeper.settle()
            bookkeeper.settle()

        asyncio.run(enter())

        assert _count(recorder) == 1


@pytest.mark.parametrize("look", ["metrics", "end"])
def test_nothing_is_lost(look: str, caplog: pytest.LogCaptureFixture) -> None:
    """The metrics and the end of the service count whatever still waits; none is in flight meanwhile."""
    app = create_app(Settings())
    lines: list[str] = []
    in_flight: list[float] = []

    async def ask(path: str, state: Any) -> str:
        sent: list[bytes] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b""}

        async def send(message: Message) -> None:
            sent.append(message.get("body", b""))

        scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
        await app({**scope, "state": dict(state)}, receive, send)
        return b"".join(sent).decode()

    async def serve() -> None:
        async with app.router.lifespan_context(app) as state:
            assert state is not None
            await ask("/health/live", state)
            in_flight.append(state["resources"].recorder.block.rows[0, IN_FLIGHT])
            lines.extend(caplog.messages)
            if look == "metrics":
                assert 'route="/health/live"' in await ask("/metrics", state)

    with caplog.at_level(logging.INFO, logger="digitserve"):
        asyncio.run(serve())

    assert in_flight == [0]
    assert not any("/health/live" in line for line in lines)
    assert sum("path=/health/live" in line for line in caplog.messages) == 1
