"""The image that docs/container.md has one build for traces: of the CPU image and two packages."""

import os
import re
from collections.abc import Generator

import httpx
import pytest

from tests.container.engine import (
    HARDENED,
    ROOT,
    docker,
    find_url,
    running,
    try_docker,
    wait_until_healthy,
)

SEVEN = (ROOT / "docs/images/seven.png").read_bytes()
(RECIPE,) = re.findall(
    r"```dockerfile\n(.*?)```", (ROOT / "docs/container.md").read_text(), re.DOTALL
)


@pytest.fixture(scope="module")
def tracing_image(image: str) -> Generator[str]:
    """What the page's lines make of the image under test."""
    name = f"digitserve:test-{os.getpid()}-otel"
    recipe = RECIPE.replace("digitserve:latest-cpu", image)
    options = os.environ.get("BUILD_OPTIONS", "").split()
    docker("build", *options, "--tag", name, "-", stdin=recipe.encode())
    yield name
    try_docker("rmi", name)


def test_packages_are_those_that_are_tested() -> None:
    """The page names the releases that the service's own tests of traces run with."""
    locked = (ROOT / "requirements/dev.txt").read_text()
    named = re.findall(r"opentelemetry\S+==[\d.]+", RECIPE)

    assert len(named) == 2
    assert all(f"{package} " in locked for package in named)


def test_traces(tracing_image: str, network: str) -> None:
    """It runs as the image it is made of does, and tells a client its trace, though no collector is there."""
    collector = ("--env", "DIGITSERVE_OTLP_ENDPOINT=http://127.0.0.1:4318")
    options = (*HARDENED, *collector, "--publish", "127.0.0.1::8000")
    with running(tracing_image, network, *options) as container:
        wait_until_healthy(container)
        answer = httpx.post(f"{find_url(container)}/predict", content=SEVEN)
        user = docker("exec", container, "id", "--user").strip()

    assert answer.json()["class"] == 7
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-9a-f]", answer.headers["traceresponse"])
    assert user == "10001"
