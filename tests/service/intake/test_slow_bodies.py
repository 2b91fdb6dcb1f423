"""Bodies that come too slowly."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import cast

import pytest
from starlette.requests import Request
from starlette.types import Message

from service.errors import SlowUploadError
from service.intake import slow_bodies
from service.intake.body_memory import BodyMemory
from service.intake.slow_bodies import MIN_BYTES_PER_S, Reader, SlowBodies
from service.intake.uploads import read_body

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


class _Loop:
    """An event loop whose time a test turns."""

    now = 0.0

    def time(self) -> float:
        """Return the time."""
        return self.now

    def call_later(self, *_: object) -> None:
        """Leave it to the test to look."""


class _Reader:
    """A task that reads a body."""

    is_cancelled = False

    def __init__(self, loop: _Loop) -> None:
        self._loop = loop

    def get_loop(self) -> _Loop:
        """Return its loop."""
        return self._loop

    def cancel(self) -> None:
        """Note that it was cancelled."""
        self.is_cancelled = True


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

    @pytest.mark.parametrize(
        ("sent", "longest_s"),
        [
            ([MIN_BYTES_PER_S] * 100, 119),
            ([100 * MIN_BYTES_PER_S], 20),
            ([1] * 100, 21),
            ([100 * MIN_BYTES_PER_S, *[1] * 100], 21),
        ],
        ids=["steady", "fast, then nothing", "drip", "fast, then a drip"],
    )
    def test_bytes_bring_time(self, sent: list[int], longest_s: int) -> None:
        """A body that keeps to the least rate is read to its end; what came faster buys no silence."""
        loop = _Loop()
        watch, reader = SlowBodies(20), _Reader(loop)

        watch.start(cast("Reader", reader))
        for num_bytes in [*sent, *[0] * 1000]:
            if reader.is_cancelled:
                break
            watch.allow(cast("Reader", reader), num_bytes)
            loop.now += 1
            watch._look(cast("asyncio.AbstractEventLoop", loop))

        assert loop.now == longest_s

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
