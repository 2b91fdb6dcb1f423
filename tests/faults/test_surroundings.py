"""A service without what programs take for granted: disks that can be written, a home, a network."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.service.cli.conftest import draw_seven
from tests.service.cli.processes import COMMAND, find_workers, wait_for_workers

ROOT = Path(__file__).parents[2]
AS_ROOT = [] if os.geteuid() == 0 else ["--map-root-user"]
UNSHARE = [shutil.which("unshare") or "false", *AS_ROOT]
NSENTER = shutil.which("nsenter") or "false"

# In a mount namespace of its own: nothing that is mounted can be written.
READ_ONLY = (
    "mount --make-rprivate / && mount -o bind / / && mount -o remount,bind,ro / && "
    "mount -t tmpfs -o ro tmpfs /dev/shm && cd /"
)
# Where temporary files go can be written, and is full.
FULL = (
    "mount --make-rprivate / && for folder in /dev/shm {folder}; do "
    "mount -t tmpfs -o size=16k tmpfs $folder; head -c 1M /dev/zero >$folder/full; done; cd {folder}"
)
ROOM = "mount --make-rprivate / && mount -t tmpfs -o size=1M tmpfs /dev/shm"
NO_NETWORK = "ip link set lo up"
ASK = """
import sys, urllib.request
with urllib.request.urlopen(sys.argv[1], sys.stdin.buffer.read() or None) as answer:
    sys.stdout.buffer.write(answer.read())
"""


def _can_unshare(*options: str, setup: str = "true") -> bool:
    """Tell whether this process may make namespaces of its own."""
    command = [*UNSHARE, *options, "sh", "-c", setup]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        not _can_unshare("--mount", setup="mount --make-rprivate / && mount -t tmpfs none /mnt"),
        reason="this machine lets nobody make namespaces, and mount in them",
    ),
]


@contextmanager
def _serving(*options: str, setup: str, **environment: str) -> Iterator["Service"]:
    """Run the service with two workers in namespaces of its own, which a line of shell prepares.

    It has no home. At the end it must stop with code 0.
    """
    shell = ["sh", "-c", f'{setup} && exec "$@"', "sh"]
    command = [*UNSHARE, *options, *shell, *COMMAND, "0", "--workers", "2"]
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment}
    with subprocess.Popen(
        command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            lines = re.findall(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert lines, process.stderr.read()
            wait_for_workers(process.pid, 2)
            yield Service(process.pid, lines[0])
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()


class Service:
    """A service in namespaces of its own.

    Attributes:
        process_id: Of its supervisor.

    Args:
        process_id: Of its supervisor.
        url: Where it listens, in its network.
    """

    def __init__(self, process_id: int, url: str) -> None:
        self.process_id = process_id
        self._url = url

    def run_inside(self, *command: str, standard_input: bytes = b"") -> bytes:
        """Run a command in the service's own namespaces, and return what it says."""
        enter = [NSENTER, f"--target={self.process_id}", "--mount", "--net"]
        if os.geteuid() != 0:
            enter.append("--user")
        done = subprocess.run(
            [*enter, *command], input=standard_input, stdout=subprocess.PIPE, check=True
        )
        return done.stdout

    def ask(self, path: str, body: bytes = b"") -> dict[str, object]:
        """Send a request from within the service's own network."""
        said = self.run_inside(sys.executable, "-c", ASK, self._url + path, standard_input=body)
        answer: dict[str, object] = json.loads(said)
        return answer


def _works(service: Service) -> bool:
    """Tell whether a service is ready and recognises digits, in either worker."""
    answers = [service.ask("/predict", draw_seven())["class"] for _ in range(6)]
    return answers == [7] * 6 and service.ask("/health/ready") == {"status": "ready"}


def test_nothing_can_be_written() -> None:
    """On a read-only root, without a home and a temporary folder, it serves."""
    with _serving("--mount", setup=READ_ONLY) as service:
        assert _works(service)


def test_disk_is_full(tmp_path: Path) -> None:
    """With full disks where temporary files go, it serves."""
    setup = FULL.format(folder=tmp_path)

    with _serving("--mount", setup=setup, TMPDIR=str(tmp_path)) as service:
        assert _works(service)


def test_disk_fills_up() -> None:
    """When the memory that workers share fills up behind the start, a worker that dies is still replaced."""
    with _serving("--mount", setup=ROOM) as service:
        service.run_inside(
            "sh", "-c", "head -c 10M /dev/zero >/dev/shm/full; test -s /dev/shm/full"
        )
        killed, _ = find_workers(service.process_id)
        os.kill(killed, signal.SIGKILL)
        wait_for_workers(service.process_id, 2, without=killed)

        assert _works(service)


@pytest.mark.skipif(
    not _can_unshare("--net", setup=NO_NETWORK), reason="the command ip is missing, or forbidden"
)
def test_no_network() -> None:
    """Without any network but the loopback interface, it starts and serves."""
    with _serving("--net", setup=NO_NETWORK) as service:
        assert _works(service)
