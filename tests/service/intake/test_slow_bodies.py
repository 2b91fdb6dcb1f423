"""Bodies that come too slowly."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from starlette.requests import Request
from starlette.types import Message

from service.errors import SlowUploadError
from service.intake import slow_bodies
from service.intake.body_memory import BodyMemory
from service.intake.slow_bodies import MIN_BYTES_PER_S, SlowBodies
from service.intake.uploads import read_body

LARGE = bytes(MIN_BYTES_PER_S * 10)
Receive = Callable[[], Awaitable[Message]]


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look a hundred times a second."""
    monkeypatch.setattr(slow_bodies, "LOOK_S", 0.01)


async def _never() -> Message:
    """Stand for a client that sends nothing more."""
    await asyncio.Event().wait()
    raise AssertionError


def _read(receive: Receive, watch: SlowBodies) -> Awaitable[bytes]:
    """Read a body."""
    scope = {"type": "http", "headers": [], "state": {}}
    return read_body(Request(scope, receive), 10**9, watch, BodyMemory(10**9))


def _piece(body: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


class TestSlowBodies:
    """`SlowBodies`, as `read_body` uses it."""

    def test_body_that_never_comes(self) -> None:
        """Its task is told so, is not cancelled, and the next one is watched again."""
        watch = SlowBodies(0.05)

        async def read_twice() -> None:
            for _ in range(2):
                with pytest.raises(SlowUploadError, match="came too slowly"):
                    await _read(_never, watch)
                await asyncio.sleep(0.05)  # the watch has stopped looking
            current = asyncio.current_task()
            assert current is not None
            assert current.cancelling() == 0

        asyncio.run(read_twice())

    def test_bytes_bring_time(self) -> None:
        """A large body that keeps to the least rate is read to its end; a drip is not."""
        watch = SlowBodies(0.2)

        async def read(piece: bytes) -> bytes:
            pieces = [piece] * 3

            async def receive() -> Message:
                if len(pieces) < 3:  # the first is there
                    await asyncio.sleep(0.3)
                return _piece(pieces.pop(), more=bool(pieces))

            return await _read(receive, watch)

        async def read_both() -> tuple[bytes | BaseException, ...]:
            return await asyncio.gather(read(LARGE), read(b"x"), return_exceptions=True)

        body, failure = asyncio.run(read_both())

        assert body == LARGE * 3
        assert isinstance(failure, SlowUploadError)

    def test_other_cancellations_stay_so(self) -> None:
        """A task that is cancelled for another reason is cancelled."""

        async def cancel() -> None:
            task = asyncio.ensure_future(_read(_never, SlowBodies(60)))
            await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(cancel())

    def test_looks_go_on_while_somebody_waits(self) -> None:
        """Whoever begins later has its own end, and others are left alone."""
        watch = SlowBodies(0.1)

        async def wait_s() -> float:
            began_s = time.monotonic()
            with pytest.raises(SlowUploadError):
                await _read(_never, watch)
            return time.monotonic() - began_s

        async def read() -> tuple[float, float]:
            first = asyncio.ensure_future(wait_s())
            await asyncio.sleep(0.05)
            async with asyncio.timeout(20):
                return await asyncio.gather(first, wait_s())

        assert min(asyncio.run(read())) > 0.099  # ended with the first, it would be half of that
