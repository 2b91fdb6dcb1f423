"""Open loop: requests fall due evenly or by chance, whatever the answers do; run as a process of its own.

    due -> waiting -> connection that is free -> answer -> latency since it was due

A closed loop asks again only once it is answered: while a server stalls it asks little, and so misses what
the stall would have cost. Here what falls due meanwhile waits, and its wait counts.

Source: Schroeder et al. (2006), "Open versus closed: a cautionary tale".
"""

import argparse
import asyncio
import contextlib
import gc
import itertools
import json
import random
import selectors
from collections import deque
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httptools

CONNECTIONS = 64  # kept alive; at 300 requests/s they are all busy from 210 ms an answer on
GRACE_S = 1.0  # how long answers are awaited after the last request was due
HEAD_START_S = 0.05  # between the last connection and the first request
OK = 200


@dataclass
class Tally:
    """What became of the requests.

    Attributes:
        due: How many fell due.
        answered_in_run: How many of them were answered before the last one fell due.
        failed: Other statuses, lost connections, and no answer at the end.
        latencies_ms: From when a request was due to the end of its answer, for each success.
    """

    due: int
    answered_in_run: int = 0
    failed: int = 0
    latencies_ms: list[float] = field(default_factory=list)


class OpenLoop:
    """Sends one request over and over, on time.

    Args:
        request: Head and body, as they go over the wire.
        rate: Requests a second.
        seconds: How long; at least one request falls due.
        seed: Of the chance by which requests come; None: evenly.
    """

    def __init__(
        self, request: bytes, *, rate: float, seconds: float, seed: int | None = None
    ) -> None:
        self.tally = Tally(max(1, round(rate * seconds)))
        self._request = request
        self._offsets_s = list_due(self.tally.due, rate, seed)
        self._last_due_s = 0.0
        self._waiting: deque[float] = deque()  # when each was due, in the loop's time
        self._free: deque[Connection] = deque()
        self._all: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._is_over = False

    async def run(self, host: str, port: int) -> Tally:
        """Send all requests, await their answers for a moment, and say what became of them."""
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(self._open(host, port) for _ in range(CONNECTIONS)))
        first_due_s = loop.time() + HEAD_START_S
        self._last_due_s = first_due_s + self._offsets_s[-1]
        for offset_s in self._offsets_s:
            due_s = first_due_s + offset_s
            await asyncio.sleep(max(0.0, due_s - loop.time()))
            self._waiting.append(due_s)
            self._send()
        while self._num_open and loop.time() < self._last_due_s + GRACE_S:
            await asyncio.sleep(0.005)
        await self._end()
        return self.tally

    def free(self, connection: "Connection") -> None:
        """Use a connection for whatever waits."""
        self._free.append(connection)
        self._send()

    def note(self, due_s: float, status: int) -> None:
        """Count an answer that has just ended."""
        if status != OK:
            self.tally.failed += 1
            return
        now_s = asyncio.get_running_loop().time()
        self.tally.answered_in_run += now_s <= self._last_due_s
        self.tally.latencies_ms.append((now_s - due_s) * 1000)

    def add(self, connection: "Connection") -> None:
        """Take a connection that is open."""
        self._all.add(connection)
        self.free(connection)

    def lose(self, connection: "Connection", address: tuple[str, int]) -> None:
        """Give up a connection that the server has closed, and open another."""
        self._all.discard(connection)
        with contextlib.suppress(ValueError):
            self._free.remove(connection)
        if self._is_over:
            return
        self.tally.failed += connection.due_s is not None
        task = asyncio.create_task(self._open(*address))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    @property
    def _num_open(self) -> int:
        """Requests without an answer."""
        return self.tally.due - self.tally.failed - len(self.tally.latencies_ms)

    async def _open(self, host: str, port: int) -> None:
        """Open a connection; a server that refuses it leaves the others with more to do."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            await loop.create_connection(lambda: Connection(self, (host, port)), host, port)

    def _send(self) -> None:
        """Send what waits, on the connections that have been free for longest."""
        while self._waiting and self._free:
            self._free.popleft().send(self._request, self._waiting.popleft())

    async def _end(self) -> None:
        """Close everything; what is unanswered has failed."""
        self._is_over = True
        self.tally.failed += self._num_open
        for connection in self._all:
            connection.abort()
        for task in self._opening:
            task.cancel()
        await asyncio.sleep(0)  # for what was aborted to be closed


class Connection(asyncio.Protocol):
    """One connection, with at most one request on its way.

    Attributes:
        due_s: When the request on its way was due, in the loop's time; None if there is none.
    """

    def __init__(self, owner: OpenLoop, address: tuple[str, int]) -> None:
        self.due_s: float | None = None
        self._owner = owner
        self._address = address
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # for the type alone
        self._transport = transport
        self._owner.add(self)

    def send(self, request: bytes, due_s: float) -> None:
        """Send a request."""
        self.due_s = due_s
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Read a piece of an answer."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.abort()

    def on_message_complete(self) -> None:
        """Count the answer, and be free again; the parser calls this."""
        if self.due_s is None:
            return
        due_s, self.due_s = self.due_s, None
        self._owner.note(due_s, self._parser.get_status_code())
        if self._parser.should_keep_alive():
            self._owner.free(self)
        else:
            self._transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        """Tell the owner."""
        self._owner.lose(self, self._address)

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()


def list_due(count: int, rate: float, seed: int | None = None) -> list[float]:
    """Return when so many requests fall due, in seconds from the first.

    Args:
        count: How many.
        rate: Requests a second.
        seed: Of a Poisson process; None: they come evenly.
    """
    if seed is None:
        return [number / rate for number in range(count)]
    dice = random.Random(seed)  # noqa: S311 - no secret
    gaps_s = (dice.expovariate(rate) for _ in range(count - 1))
    return list(itertools.accumulate(gaps_s, initial=0.0))


def write_request(method: str, path: str, body: bytes, content_type: str) -> bytes:
    """Write a request as it goes over the wire.

    Source: RFC 9112.
    """
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def load_openly(
    request: bytes, port: int, *, rate: float, seconds: float, seed: int | None = None
) -> Tally:
    """Load a server on loopback from this process.

    Args:
        request: What `write_request` returned.
        port: Where the server listens.
        rate: Requests a second.
        seconds: How long.
        seed: Of the chance by which requests come; None: evenly.
    """
    gc.disable()  # no pause of this process may look like one of the server
    # select() waits to the microsecond; the usual epoll rounds up to milliseconds.
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    with contextlib.closing(loop):
        generator = OpenLoop(request, rate=rate, seconds=seconds, seed=seed)
        return loop.run_until_complete(generator.run("127.0.0.1", port))


def main() -> None:
    """Load a server and print the tally as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.open_loop", description=__doc__)
    parser.add_argument("request", type=Path, help="file with the bytes of one request")
    parser.add_argument("port", type=int)
    parser.add_argument("--rate", type=float, required=True, help="requests a second")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, help="of the chance by which they come; else evenly")
    options = parser.parse_args()
    tally = load_openly(
        options.request.read_bytes(),
        options.port,
        rate=options.rate,
        seconds=options.seconds,
        seed=options.seed,
    )
    print(json.dumps(asdict(tally)))


if __name__ == "__main__":
    main()
