"""A real service with faults in it, in a process of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.service.cli.processes import kill_group

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "benchmarks.faults", "serve", "--engine", "litert", "--port", "0"]


@contextmanager
def serving(*options: str, **variables: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run the service with these options and environment variables, and give its process and port.

    See `benchmarks.faults` for the faults.
    """
    with subprocess.Popen(
        [*COMMAND, *options],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, **variables},
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        try:
            [port] = re.findall(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())
            yield process, int(port)
        finally:
            kill_group(process)
