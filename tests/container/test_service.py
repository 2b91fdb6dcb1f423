"""The CPU image at work: read-only, without capabilities, in 256 MB."""

from collections.abc import Generator

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


def test_sigterm(image: str, network: str) -> None:
    """The engine's signal to stop ends it with code 0."""
    with running(image, network, *SMALL) as container:
        wait_until_healthy(container)

        docker("stop", "--time", "60", container)

        assert inspect(container)["State"]["ExitCode"] == 0
