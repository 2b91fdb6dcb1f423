"""A real service: uvicorn in a process of its own, on a free port of the loopback interface.

With `DIGITSERVE_TEST_URL` the tests that need nothing but a client ask the service there, a container's say.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 60
GIVEN_URL = os.environ.get("DIGITSERVE_TEST_URL")
SETTINGS = {"MAX_UPLOAD_BYTES": "3000000", "MAX_IMAGE_PIXELS": "16000000"}  # as the tests expect
ENGINES = ["litert", pytest.param("tensorflow", marks=pytest.mark.tensorflow)]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what starts a service of its own where one is given."""
    if GIVEN_URL is None:
        return
    others = [item for item in items if "client" not in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]


def free_port() -> str:
    """Return a port of the loopback interface that nobody uses."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


@contextmanager
def running_service(tmp_path: Path, **settings: str) -> Generator[httpx.Client]:
    """Run the service with settings, and give a client for it."""
    with running_process(tmp_path, port=None, **settings) as (client, _process_id):
        yield client


@contextmanager
def running_process(
    tmp_path: Path, *, port: str | None = None, **settings: str
) -> Generator[tuple[httpx.Client, int]]:
    """Run the service with settings, and give a client for it and its process's id."""
    port = port or free_port()
    command = [sys.executable, "-m", "uvicorn", "--factory", "service.app:create_app"]
    environment = {
        **os.environ,
        **{f"DIGITSERVE_{name}": value for name, value in settings.items()},
    }
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--port", port], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            _wait_until_ready(client, process, tmp_path / "log")
            yield client, process.pid
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_ready(client: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for the readiness probe; a process that dies shows its log."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            client.get("/health/ready").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"The service did not become ready:\n{log.read_text()}")


@pytest.fixture(scope="session", params=["given"] if GIVEN_URL else ENGINES)
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[httpx.Client]:
    """A client of a service with each engine, or of the service that is given."""
    if GIVEN_URL is not None:
        with httpx.Client(base_url=GIVEN_URL, timeout=60) as service:
            yield service
        return
    folder = tmp_path_factory.mktemp("service")
    with running_service(folder, ENGINE=request.param, **SETTINGS) as service:
        yield service
