"""The engine, the image under test and a network, once a session."""

import os
import shutil
from collections.abc import Generator

import pytest

from tests.container.engine import docker, require_image, try_docker


@pytest.fixture(scope="session")
def _engine() -> None:
    """Fail, and say so, where no engine answers."""
    if shutil.which("docker") is None:
        pytest.fail(
            "No docker command is installed. Install a container engine to run these tests.",
            pytrace=False,
        )
    finished = try_docker("version", "--format", "{{.Server.Version}}")
    if finished.returncode:
        said = finished.stderr.decode(errors="replace").strip()
        pytest.fail(
            f"No container engine answers ({said}). Start one, or set DOCKER_HOST to its socket.",
            pytrace=False,
        )


@pytest.fixture(scope="session")
def image(_engine: None) -> str:
    """Name of the image under test, which `make image` built."""
    return require_image(os.environ.get("DIGITSERVE_IMAGE", "digitserve:latest-cpu"))


@pytest.fixture(scope="session")
def network(_engine: None) -> Generator[str]:
    """A network of its own; an engine may have none by default."""
    name = f"digitserve-test-{os.getpid()}"
    docker("network", "create", name)
    yield name
    docker("network", "rm", name)
