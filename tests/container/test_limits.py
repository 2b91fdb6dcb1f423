"""Limits of addresses behind the proxy: each client's are its own, whatever it says of itself."""

import os
from collections.abc import Generator

import httpx
import pytest

from tests.container.engine import docker, find_url

FILES = ("--file", "docker/compose.yaml", "--file", "docker/compose.scale.yaml")
PROJECT = ("--project-name", f"digitserve-limits-{os.getpid()}")
ASK_FROM_A_REPLICA = """
import httpx
print(httpx.get("http://proxy:8000/model").status_code)
"""


def compose(*arguments: str) -> str:
    """Run compose on the files of this module."""
    return docker("compose", *PROJECT, *FILES, *arguments)


@pytest.fixture
def url(image: str) -> Generator[str]:
    """Where the proxy of one replica listens that lets two requests an hour through for each address."""
    settings = {"PORT": "0", "WORKERS": "1", "REPLICAS": "1", "RATE_LIMIT": "2/h"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(f"DIGITSERVE_{name}", value)
        try:
            compose("up", "--no-build", "--detach", "--wait", "--wait-timeout", "120")
            yield find_url(compose("ps", "--quiet", "proxy").strip())
        finally:
            compose("--profile", "*", "down", "--volumes", "--remove-orphans")


def test_each_client_is_one(url: str) -> None:
    """A client that is over its limit stays so under invented addresses, and takes nothing from others."""
    statuses = [
        httpx.get(f"{url}/model", headers={"x-forwarded-for": f"192.0.2.{host}"}).status_code
        for host in range(4)
    ]
    of_another = compose("exec", "-T", "service", "python", "-c", ASK_FROM_A_REPLICA)

    assert (statuses, of_another) == ([200, 200, 429, 429], "200\n")
