"""Soak the service: `python -m tests.soak --minutes N`; ends with 1 if an answer was wrong or lost."""

import argparse
import asyncio
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bundles import copy_bundle, keep_digits
from tests.service.cli.processes import COMMAND, kill_group, wait_for_workers
from tests.soak.clients import Client
from tests.soak.faults import VERSIONS, Faults
from tests.soak.samples import Mix, make_mix
from tests.soak.tally import Tally

NUM_WORKERS = 2
NUM_CLIENTS = 16
NUM_SCORED = 200  # digits that a version is scored on before it may answer
SAMPLE_S = 0.5  # between two looks at the memory


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # of the decoder, on hostile pictures
    with tempfile.TemporaryDirectory() as folder:
        tally = _soak(Path(folder), make_mix(), arguments)
    sys.stdout.write(f"{tally.report()}\n")
    return 0 if tally.is_clean else 1


def _soak(folder: Path, mix: Mix, arguments: argparse.Namespace) -> Tally:
    """Serve, send and break for so many minutes, and stop."""
    for version in VERSIONS:
        keep_digits(copy_bundle(folder / "models", version=version), NUM_SCORED)
    tally = Tally()
    with (folder / "log").open("wb") as log, serving(folder / "models", log.fileno()) as service:
        process, port = service
        seconds = arguments.minutes * 60
        asyncio.run(_run(process.pid, port, mix, tally, seconds=seconds, seed=arguments.seed))
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)
    if code:
        tally.wrong.append(f"the service ended with code {code}")
    failures = re.findall(
        r'^.*"level":"(?:ERROR|CRITICAL)".*', (folder / "log").read_text(), re.MULTILINE
    )
    tally.wrong.extend(f"log: {line}" for line in failures)
    return tally


async def _run(
    supervisor: int, port: int, mix: Mix, tally: Tally, *, seconds: float, seed: int
) -> None:
    """Send, break and measure at once."""
    kept = wait_for_workers(supervisor, NUM_WORKERS)[0]
    end_s = time.monotonic() + seconds
    chance = random.Random(seed)  # noqa: S311 - it keeps no secret
    faults = Faults(port, supervisor, kept, mix.draw_from(chance), tally)
    async with asyncio.TaskGroup() as tasks:
        for number in range(NUM_CLIENTS):
            samples = mix.draw_from(random.Random(f"{seed} {number}"))  # noqa: S311
            client = Client(port, samples, tally, lambda: faults.last_kill_s)
            tasks.create_task(client.run(end_s))
        tasks.create_task(faults.run(end_s))
        tasks.create_task(_measure(kept, tally, end_s))


async def _measure(process_id: int, tally: Tally, end_s: float) -> None:
    """Note the resident memory of a process from time to time; proc(5), `statm`."""
    statm, page_bytes = Path(f"/proc/{process_id}/statm"), os.sysconf("SC_PAGE_SIZE")
    while time.monotonic() < end_s:
        tally.resident_bytes.append(int(statm.read_text().split()[1]) * page_bytes)
        await asyncio.sleep(SAMPLE_S)


@contextmanager
def serving(models_dir: Path, log: int) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run the service with workers, and give its process and port."""
    command = [*COMMAND, "0", "--workers", str(NUM_WORKERS), "--models-dir", str(models_dir)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        try:
            [port] = re.findall(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())
            yield process, int(port)
        finally:
            kill_group(process)


if __name__ == "__main__":
    sys.exit(main())
