"""The GPU image, on a machine without a GPU: `make test-container-gpu`."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.container import cuda_libraries
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

pytestmark = pytest.mark.gpu_image


@pytest.fixture(scope="module")
def environment(image: str) -> dict[str, str]:
    """What the image sets in the environment."""
    config: Any = inspect(image)["Config"]
    return dict(setting.split("=", 1) for setting in config["Env"])


def test_cuda_libraries_are_found(image: str) -> None:
    """TensorFlow finds every library of CUDA but the driver's, which comes from the host."""
    program = Path(cuda_libraries.__file__).read_bytes()
    command = ("run", "--rm", "--interactive", "--network", "none", "--entrypoint", "python", image)

    assert docker(*command, "-", stdin=program).split() == []


def test_driver_is_asked_for(environment: dict[str, str]) -> None:
    """The NVIDIA container toolkit is told to bring the driver and what measures it."""
    assert environment["NVIDIA_VISIBLE_DEVICES"] == "all"
    assert environment["NVIDIA_DRIVER_CAPABILITIES"] == "compute,utility"


def test_no_start_without_a_gpu(image: str) -> None:
    """By itself it ends where there is no GPU, with one line of ours and code 3."""
    finished = try_docker("run", "--rm", "--network", "none", *HARDENED, image)

    assert finished.returncode == 3
    assert b"digitserve: A GPU is required, and the model digits runs on the cpu" in finished.stderr


def test_start_on_the_cpu(image: str, network: str) -> None:
    """Told that no GPU is required, it serves with TensorFlow on the CPU and says so."""
    options = (*HARDENED, "--publish", "127.0.0.1::8000", "--env", "DIGITSERVE_REQUIRE_GPU=0")
    with running(image, network, *options) as container:
        wait_until_healthy(container)
        url = find_url(container)
        (device,) = {model["device"] for model in httpx.get(f"{url}/health").json()["models"]}
        picture = (ROOT / "docs/images/seven.png").read_bytes()
        answer = httpx.post(f"{url}/predict", content=picture)

    assert device == "cpu"
    assert answer.json()["class"] == 7
