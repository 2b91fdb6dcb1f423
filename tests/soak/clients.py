"""Clients of a soak: they keep their connections, send sample after sample, and check every answer."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass

from tests.soak.samples import Sample, read_headers, read_status
from tests.soak.tally import Tally

ANSWER_TIMEOUT_S = 60  # beyond it a request counts as lost; a busy machine is no reason
KEPT_REQUESTS = 50  # on one connection; new ones spread over the workers that there are by then
KILL_GRACE_S = 3.0  # a connection to a killed worker fails as soon as it is used
FAILURES = (ConnectionError, asyncio.IncompleteReadError, TimeoutError)


@dataclass(frozen=True)
class Answer:
    """An answer to one request.

    Attributes:
        status: Its status.
        body: Its bytes.
        is_last: Whether the server closes the connection behind it.
    """

    status: int
    body: bytes
    is_last: bool


class Connection:
    """A connection to the service."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> "Connection":
        """Connect to a port of this machine."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(
        self, *pieces: bytes, pause_s: float = 0, timeout_s: float = ANSWER_TIMEOUT_S
    ) -> Answer:
        """Send a request, in pieces with pauses between them, and read its answer."""
        for piece in pieces:
            self._writer.write(piece)
            if pause_s:
                await asyncio.sleep(pause_s)
        async with asyncio.timeout(timeout_s):
            head = await self._reader.readuntil(b"\r\n\r\n")
            headers = read_headers(head)
            if "content-length" in headers:
                body = await self._reader.readexactly(int(headers["content-length"]))
            else:
                body = b"".join([chunk async for chunk in _chunks(self._reader)])
        return Answer(read_status(head), body, headers.get("connection") == "close")

    async def leave(self, sent: bytes) -> None:
        """Send a part of a request, and go without a word."""
        self._writer.write(sent)
        await self._writer.drain()
        self._writer.transport.abort()

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()


async def _chunks(reader: asyncio.StreamReader) -> AsyncGenerator[bytes]:
    """Read a body in chunks; RFC 9112, section 7.1."""
    while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
        yield await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)


@dataclass
class Client:
    """Sends samples one after the other.

    Attributes:
        port: Where to.
        samples: What to send, without end.
        tally: Where everything is counted.
        last_kill_s: Tells when a worker was killed last, by the monotonic clock.
    """

    port: int
    samples: Iterator[Sample]
    tally: Tally
    last_kill_s: Callable[[], float]

    async def run(self, end_s: float) -> None:
        """Send until a time of the monotonic clock."""
        connection: Connection | None = None
        for number, sample in enumerate(self.samples, 1):
            if time.monotonic() >= end_s:
                break
            connection = await self._ask(connection, sample)
            if connection is not None and number % KEPT_REQUESTS == 0:
                connection.close()
                connection = None
        if connection is not None:
            connection.close()
        await asyncio.sleep(0)  # in which connections close

    async def _ask(self, connection: Connection | None, sample: Sample) -> Connection | None:
        """Send one sample and count what comes back; return the connection where it goes on."""
        started_s = time.monotonic()
        try:
            connection = connection or await Connection.open(self.port)
            answer = await connection.ask(sample.request)
        except FAILURES as failure:
            if connection is not None:
                connection.close()
            self._count_failure(sample, failure, started_s)
            return None
        is_right = sample.is_answered_by(answer.status, answer.body)
        self.tally.count(sample.kind, None if is_right else _tell(sample, answer))
        if answer.is_last:
            connection.close()
            return None
        return connection

    def _count_failure(self, sample: Sample, failure: BaseException, started_s: float) -> None:
        """Count a request without an answer: lost, unless its worker was killed under it."""
        if self.last_kill_s() >= started_s - KILL_GRACE_S:
            self.tally.num_with_worker += 1
        else:
            self.tally.lost.append(f"{sample.kind}: {failure!r}")


def _tell(sample: Sample, answer: Answer) -> str:
    """Say what is wrong with an answer."""
    expected = f"{sample.status} {sample.digits or ''}"
    return f"{sample.kind}: expected {expected}, got {answer.status} {answer.body[:200]!r}"
