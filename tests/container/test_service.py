"""The CPU image at work: read-only, without capabilities, in 256 MB."""

import json
import re
import sys
from collections.abc import Generator
from datetime import datetime
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest

from tests.container.engine import (
    HARDENED,
    ROOT,
    docker,
    find_url,
    inspect,
    running,
    try_docker,
    wait_until_healthy,
)

SMALL = (*HARDENED, "--memory", "256m", "--env", "DIGITSERVE_WORKERS=1")
SEVEN = ROOT / "docs/images/seven.png"
MAX_START_S = 5
MOST_STARTS = 8  # of which one must be as quick


@pytest.fixture(scope="module")
def container(image: str, network: str) -> Generator[str]:
    """A service that has become healthy."""
    with running(image, network, *SMALL, "--publish", "127.0.0.1::8000") as started:
        wait_until_healthy(started)
        yield started


class TestService:
    """Of a service that is healthy."""

    def test_predict(self, container: str) -> None:
        """The README's picture is a 7."""
        answer = httpx.post(f"{find_url(container)}/predict", files={"file": SEVEN.read_bytes()})

        assert (answer.json()["class"], answer.json()["status"]) == (7, "ok")

    def test_engine(self, container: str) -> None:
        """LiteRT on the CPU computes every model."""
        models = httpx.get(f"{find_url(container)}/health").json()["models"]

        assert {(model["engine"], model["device"]) for model in models} == {("litert", "cpu")}

    def test_privileges(self, container: str) -> None:
        """The first process is the service, of a user of its own and without any capability."""
        status = docker("exec", container, "cat", "/proc/1/status")
        fields = dict(line.split(":\t", 1) for line in status.splitlines())

        assert fields["Name"] == "python"
        assert set(fields["Uid"].split()) == {"10001"}
        assert {int(fields[name], 16) for name in ("CapPrm", "CapEff", "CapBnd")} == {0}
        assert fields["NoNewPrivs"] == "1"

    def test_nothing_can_be_written(self, container: str) -> None:
        """The root file system is read-only."""
        finished = try_docker("exec", container, "touch", "/app/service/new")

        assert finished.returncode != 0
        assert b"Read-only file system" in finished.stderr


def test_start(image: str, network: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is healthy within 5 s, of work and by the clock; a machine may be busy, so it has several starts for that."""
    seen, worked = list[float](), list[float]()
    while not seen or (min(seen) > MAX_START_S and len(seen) < MOST_STARTS):
        with running(image, network, *SMALL) as container:
            wait_until_healthy(container)
            fields = docker("exec", container, "cat", "/proc/1/stat").rpartition(")")[2].split()
            seen.append(seconds_to_healthy(inspect(container)["State"]))
        # Times in the process and in its children, in hundredths of a second. Source: proc_pid_stat(5).
        worked.append(sum(int(field) for field in fields[11:15]) / 100)
    with capsys.disabled():
        sys.stdout.write(f" healthy after {', '.join(f'{value:.2f}' for value in seen)} s ")

    assert min(seen) <= MAX_START_S
    assert min(worked) <= MAX_START_S


def seconds_to_healthy(state: Any) -> float:
    """Return how long after its start a container's first successful check ended, as the engine noted them."""
    passed = min(check["End"] for check in state["Health"]["Log"] if check["ExitCode"] == 0)
    return (read_time(passed) - read_time(state["StartedAt"])).total_seconds()


def read_time(text: str) -> datetime:
    """Read a time of the engine's, which has nanoseconds and may be of any zone."""
    return datetime.fromisoformat(re.sub(r"(\.\d{1,6})\d*", r"\1", text))


def test_sigterm(image: str, network: str) -> None:
    """Told to stop with requests half sent, it answers each of them, and ends with code 0."""
    with running(image, network, *SMALL, "--publish", "127.0.0.1::8000") as container:
        wait_until_healthy(container)
        requests = [begin_request(find_url(container)) for _ in range(8)]

        docker("kill", "--signal", "TERM", container)
        answers = [finish_request(request) for request in requests]
        code = docker("wait", container).strip()

    assert [answer["class"] for answer in answers] == [7] * len(requests)
    assert code == "0"


def begin_request(url: str) -> HTTPConnection:
    """Send a picture but for its last byte."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=60)
    picture = SEVEN.read_bytes()
    connection.putrequest("POST", "/predict")
    connection.putheader("Content-Length", str(len(picture)))
    connection.endheaders(picture[:-1])
    return connection


def finish_request(connection: HTTPConnection) -> Any:
    """Send the last byte, and return the answer."""
    connection.send(SEVEN.read_bytes()[-1:])
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer
