"""A rolling restart under load."""

import asyncio
import itertools
import math
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bundles import MODELS
from tests.service.cli.processes import find_workers, wait_for_workers
from tests.soak.__main__ import serving
from tests.soak.clients import Client
from tests.soak.samples import Mix, Sample, make_mix
from tests.soak.tally import Tally

NUM_CLIENTS = 8
STALL_S = 0.3  # half of what a worker that ends waits for a silent client
LONGEST_S = 300  # two starts, and two drains; half a minute on a machine that has time

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform != "linux", reason="workers are found in /proc"),
]


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_nothing_is_lost(tmp_path: Path) -> None:
    """SIGHUP replaces all workers one after the other, and no request goes without its right answer."""
    tally, mix = Tally(), make_mix()
    with (tmp_path / "log").open("wb") as log, serving(MODELS, log.fileno()) as (process, port):
        before = wait_for_workers(process.pid, 2)
        after = asyncio.run(_restart(process.pid, port, tally, mix=mix, before=before))

    assert not set(before) & set(after)
    assert (tally.wrong, tally.lost) == ([], [])
    assert tally.num_answered > NUM_CLIENTS


class _Stalls:
    """When this process stood still: a silent connection is taken for one that nobody uses, and closed.

    Attributes:
        last_s: The end of the last time, by the monotonic clock.
    """

    last_s = -math.inf

    async def note(self) -> None:
        """Look until cancelled."""
        while True:
            before_s = time.monotonic()
            await asyncio.sleep(0.05)
            if time.monotonic() - before_s > STALL_S:
                self.last_s = time.monotonic()


async def _restart(
    supervisor: int, port: int, tally: Tally, *, mix: Mix, before: list[int]
) -> list[int]:
    """Send samples while all workers are replaced, and a little longer; return the new ones."""
    latest_s = time.monotonic() + LONGEST_S
    is_over, stalls = asyncio.Event(), _Stalls()
    async with asyncio.TaskGroup() as tasks:
        noting = tasks.create_task(stalls.note())
        for number in range(NUM_CLIENTS):
            samples = _until(is_over, mix.draw_from(random.Random(number)))  # noqa: S311
            client = Client(port, samples, tally, lambda: stalls.last_s)
            tasks.create_task(client.run(math.inf))
        await asyncio.sleep(1)
        os.kill(supervisor, signal.SIGHUP)
        after = before
        while set(before) & set(after) and time.monotonic() < latest_s:
            await asyncio.sleep(0.2)
            after = find_workers(supervisor)
        await asyncio.sleep(2)
        is_over.set()
        noting.cancel()
    return after


def _until(is_over: asyncio.Event, samples: Iterator[Sample]) -> Iterator[Sample]:
    """Yield samples until something is over."""
    return itertools.takewhile(lambda _: not is_over.is_set(), samples)
