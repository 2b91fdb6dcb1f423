"""The open loop, against servers in the same event loop."""

import asyncio

import pytest

from benchmarks.open_loop import OpenLoop, Tally, list_due, write_request

REQUEST = write_request("POST", "/predict", b"picture", "image/png")
RATE, SECONDS = 200, 0.05  # ten requests


def _write_answer(status: int, *fields: str) -> bytes:
    """Write an answer without a body."""
    lines = (f"HTTP/1.1 {status} Any", "Content-Length: 0", *fields)
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


class FakeServer:
    """Answers every request alike.

    Attributes:
        answer: What it sends; if that closes the connection, so does it.
        hold_for: Requests that must have come before it answers any.
        stall_s: Seconds that it takes for the first answer.
        bodies: What has come.
    """

    def __init__(self, answer: bytes, *, hold_for: int = 0, stall_s: float = 0) -> None:
        self.answer = answer
        self.hold_for = hold_for
        self.stall_s = stall_s
        self.bodies: list[bytes] = []
        self._all_came = asyncio.Event()

    async def load(self) -> Tally:
        """Serve one run of the open loop."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await OpenLoop(REQUEST, rate=RATE, seconds=SECONDS).run("127.0.0.1", port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.bodies.append(await reader.readexactly(len(b"picture")))
                if len(self.bodies) >= self.hold_for:
                    self._all_came.set()
                await self._all_came.wait()
                if len(self.bodies) == 1:
                    await asyncio.sleep(self.stall_s)
                writer.write(self.answer)
                if b"close" in self.answer:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def _load(answer: bytes, *, hold_for: int = 0, stall_s: float = 0) -> tuple[FakeServer, Tally]:
    """Run the open loop against a fake server."""

    async def load() -> tuple[FakeServer, Tally]:
        server = FakeServer(answer, hold_for=hold_for, stall_s=stall_s)
        return server, await server.load()

    return asyncio.run(load())


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Await answers for as long as a busy machine may take."""
    monkeypatch.setattr("benchmarks.open_loop.GRACE_S", 60.0)


class TestOpenLoop:
    """`OpenLoop`."""

    def test_every_request_is_sent_and_answered(self) -> None:
        """As many as rate times seconds, each whole."""
        server, tally = _load(_write_answer(200))

        assert server.bodies == [b"picture"] * 10
        assert (tally.due, tally.failed, len(tally.latencies_ms)) == (10, 0, 10)

    def test_waits_for_no_answer(self) -> None:
        """All are sent though none is answered before the last has come, and the waiting counts."""
        _, tally = _load(_write_answer(200), hold_for=10)

        assert len(tally.latencies_ms) == 10
        assert tally.answered_in_run == 0
        assert max(tally.latencies_ms) >= 9 * 1000 / RATE
        assert sorted(tally.latencies_ms)[4] >= 4 * 1000 / RATE

    def test_waiting_for_a_connection_counts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """While the only connection waits out a stall of 100 ms, nine more requests fall due in 45 ms."""
        monkeypatch.setattr("benchmarks.open_loop.CONNECTIONS", 1)

        _, tally = _load(_write_answer(200), stall_s=0.1)

        assert len(tally.latencies_ms) == 10
        assert min(tally.latencies_ms) >= 100 - 45

    def test_other_statuses_fail(self) -> None:
        """An answer that is no success has no latency."""
        _, tally = _load(_write_answer(503))

        assert (tally.failed, tally.latencies_ms) == (10, [])

    def test_closed_connections_are_replaced(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A server that closes after each answer is asked on new connections."""
        monkeypatch.setattr("benchmarks.open_loop.CONNECTIONS", 2)

        _, tally = _load(_write_answer(200, "Connection: close"))

        assert (tally.failed, len(tally.latencies_ms)) == (0, 10)

    def test_lost_and_unanswered_requests_fail(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What has no answer when the grace is over is a failure."""
        monkeypatch.setattr("benchmarks.open_loop.GRACE_S", 0.0)

        _, tally = _load(_write_answer(200), hold_for=11)

        assert (tally.due, tally.failed) == (10, 10)

    def test_what_is_not_http_fails(self) -> None:
        """The connection is given up, and its request counted."""
        _, tally = _load(b"no HTTP\r\n\r\n")

        assert (tally.failed, tally.latencies_ms) == (10, [])


def test_request_is_whole() -> None:
    """Head and body, with the length of the body."""
    head, _, body = REQUEST.partition(b"\r\n\r\n")

    assert head.startswith(b"POST /predict HTTP/1.1\r\n")
    assert b"Content-Length: 7" in head
    assert body == b"picture"


class TestListDue:
    """`list_due`."""

    def test_evenly(self) -> None:
        """Without a seed one interval is like the other."""
        assert list_due(3, 2.0) == [0.0, 0.5, 1.0]

    def test_by_chance(self) -> None:
        """With a seed the rate is kept on average, and a seed always gives the same."""
        due_s = list_due(10_000, 100.0, seed=1)

        assert due_s == sorted(list_due(10_000, 100.0, seed=1))
        assert due_s != list_due(10_000, 100.0, seed=2)
        assert due_s[-1] == pytest.approx(100, rel=0.05)
