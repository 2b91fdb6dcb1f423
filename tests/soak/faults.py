"""Faults of a soak: one after the other, each survived before the next comes."""

import asyncio
import contextlib
import itertools
import os
import random
import signal
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from tests.service.cli.processes import find_workers
from tests.soak.clients import FAILURES, Connection
from tests.soak.samples import Sample, write_request
from tests.soak.tally import Tally

PAUSE_S = 3.0  # between two faults
STANDSTILL_S = 0.5
NUM_PIECES = 10  # of a slow client's request
RECOVERY_TIMEOUT_S = 120  # for a worker to be replaced; a second on a machine that has time
RELOAD_TIMEOUT_S = 400  # the service ends one sooner; some seconds on a machine that has time
VERSIONS = ("1", "2")  # that are changed to and fro


@dataclass
class Faults:
    """Injects faults into a service.

    Attributes:
        port: Of the service.
        supervisor: Process id of its supervisor.
        kept: Process id of the worker that is never killed.
        samples: What slow clients and those that leave begin to send, without end.
        tally: Where what was survived, and what was not, is counted.
        last_kill_s: When a worker was killed last, by the monotonic clock.
    """

    port: int
    supervisor: int
    kept: int
    samples: Iterator[Sample]
    tally: Tally
    last_kill_s: float = -1e9
    _versions: Iterator[str] = field(default_factory=lambda: itertools.cycle(VERSIONS))

    async def run(self, end_s: float) -> None:
        """Inject faults until a time of the monotonic clock."""
        kinds: dict[str, Callable[[], Awaitable[str | None]]] = {
            "killed workers": self._kill,
            "workers that stood still": self._stop_for_a_while,
            "clients that left": self._leave,
            "slow clients": self._send_slowly,
            "changes of version": self._change_version,
        }
        for kind in itertools.cycle(kinds):
            await asyncio.sleep(PAUSE_S)
            if time.monotonic() >= end_s:
                break
            problem = await kinds[kind]()
            if problem is None:
                self.tally.faults[kind] += 1
            else:
                self.tally.wrong.append(f"{kind}: {problem}")

    def _others(self) -> list[int]:
        """Return the workers that may be killed."""
        return [worker for worker in find_workers(self.supervisor) if worker != self.kept]

    async def _kill(self) -> str | None:
        """Kill a worker, and wait for its successor."""
        [killed, *_] = before = self._others()
        self.last_kill_s = time.monotonic()
        os.kill(killed, signal.SIGKILL)
        end_s = time.monotonic() + RECOVERY_TIMEOUT_S
        while time.monotonic() < end_s:
            others = self._others()
            if len(others) == len(before) and killed not in others:
                return None
            await asyncio.sleep(0.1)
        return "the worker has no successor"

    async def _stop_for_a_while(self) -> None:
        """Let a worker stand still, as on a machine that has no time for it."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.kept, signal.SIGSTOP)
            await asyncio.sleep(STANDSTILL_S)
            os.kill(self.kept, signal.SIGCONT)

    async def _leave(self) -> None:
        """Have a client leave in the middle of its request."""
        connection = await Connection.open(self.port)
        request = next(self.samples).request
        with contextlib.suppress(*FAILURES):
            await connection.leave(request[: random.randrange(len(request))])  # noqa: S311

    async def _send_slowly(self) -> str | None:
        """Have a client send its request bit by bit; it gets its answer as any other."""
        sample = next(self.samples)
        size = -(-len(sample.request) // NUM_PIECES)
        pieces = [sample.request[at : at + size] for at in range(0, len(sample.request), size)]
        async with _connection(self.port) as connection:
            answer = await connection.ask(*pieces, pause_s=0.1)
        is_right = sample.is_answered_by(answer.status, answer.body)
        return None if is_right else f"{answer.status} {answer.body[:200]!r}"

    async def _change_version(self) -> str | None:
        """Have all workers answer with another version of the model."""
        path = f"/model/reload?version={next(self._versions)}"
        async with _connection(self.port) as connection:
            answer = await connection.ask(write_request(path), timeout_s=RELOAD_TIMEOUT_S)
        return None if answer.status == 200 else f"{answer.status} {answer.body[:300]!r}"


@contextlib.asynccontextmanager
async def _connection(port: int) -> AsyncGenerator[Connection]:
    """Give a connection of one's own."""
    connection = await Connection.open(port)
    try:
        yield connection
    finally:
        connection.close()
