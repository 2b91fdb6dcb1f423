"""The container engine, by its command line."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HEALTHY_WITHIN_S = 120  # a bound for busy machines, not a measurement
# What a compose file asks for too, in the engine's own words.
HARDENED = (
    *("--read-only", "--tmpfs", "/tmp:size=64m,mode=1777,noexec"),  # noqa: S108 - in the container
    *("--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
)


def docker(*arguments: str, stdin: bytes = b"") -> str:
    """Run a command that must succeed, and return what it printed.

    Raises:
        AssertionError: If it failed; with what it said.
    """
    finished = try_docker(*arguments, stdin=stdin)
    said = finished.stderr.decode(errors="replace")
    assert finished.returncode == 0, f"docker {' '.join(arguments)}: {said}"
    return finished.stdout.decode()


def try_docker(*arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    """Run a command that may fail, at the root of the checkout."""
    return subprocess.run(
        ["docker", *arguments],  # noqa: S607 - whichever client the person uses
        input=stdin,
        capture_output=True,
        check=False,
        cwd=ROOT,
    )


def require_image(name: str) -> str:
    """Return the name of an image that was built; fail, and say how to build it, where it was not."""
    if try_docker("image", "inspect", name).returncode:
        variant = name.rsplit("-", 1)[-1]
        training = "docker compose build training"
        how = training if variant == "training" else f"make image VARIANT={variant}"
        pytest.fail(f"There is no image {name}. Build it with: {how}", pytrace=False)
    return name


def run_tool(name: str, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run a program of this environment at the root of the checkout."""
    program = Path(sys.executable).parent / name
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )


def default_of(variable: str) -> str:
    """Return the default of a variable of the compose files."""
    text = "".join(path.read_text() for path in sorted((ROOT / "docker").glob("compose*.yaml")))
    found: list[str] = re.findall(rf"\$\{{{variable}:-(.*?)\}}", text)
    (default,) = set(found)
    return default


def inspect(thing: str) -> Any:
    """Return what the engine knows of an image or a container."""
    (description,) = json.loads(docker("inspect", thing))
    return description


@contextmanager
def running(image: str, network: str, *options: str) -> Generator[str]:
    """Run an image in the background, and give the container's id."""
    container = docker("run", "--detach", "--network", network, *options, image).strip()
    try:
        yield container
    finally:
        docker("rm", "--force", "--volumes", container)


def wait_until_healthy(container: str) -> None:
    """Wait for the image's own health check.

    Raises:
        AssertionError: If it is not healthy in time; with its log.
    """
    deadline = time.monotonic() + HEALTHY_WITHIN_S
    while time.monotonic() < deadline:
        state = inspect(container)["State"]
        if not state["Running"]:
            break
        if state["Health"]["Status"] == "healthy":
            return
        time.sleep(0.5)
    log = try_docker("logs", container)
    raise AssertionError(f"Not healthy: {state}\n{(log.stdout + log.stderr).decode()}")


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for something to become true.

    Raises:
        AssertionError: If it does not in time.
    """
    deadline = time.monotonic() + HEALTHY_WITHIN_S
    while not is_so():
        assert time.monotonic() < deadline, "It did not come true in time"
        time.sleep(0.2)


def find_url(container: str, port: int = 8000) -> str:
    """Return the URL of a container's port."""
    return f"http://{docker('port', container, str(port)).splitlines()[0]}"
