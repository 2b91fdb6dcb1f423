"""Limits of addresses behind the proxy: each client's are its own, whatever it says of itself."""

import os
from collections.abc import Generator
from contextlib import contextmanager

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


@contextmanager
def limited(**settings: str) -> Generator[str]:
    """Where the proxy of one replica listens that lets two requests an hour through for each address."""
    settings = {"PORT": "0", "WORKERS": "1", "REPLICAS": "1", "RATE_LIMIT": "2/h", **settings}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(f"DIGITSERVE_{name}", value)
        try:
            compose("up", "--no-build", "--detach", "--wait", "--wait-timeout", "120")
            yield find_url(compose("ps", "--quiet", "proxy").strip())
        finally:
            compose("--profile", "*", "down", "--volumes", "--remove-orphans")


def ask_for(url: str, *clients: str) -> list[int]:
    """Ask once as a proxy would that speaks for each of the clients; return the statuses."""
    return [
        httpx.get(f"{url}/model", headers={"x-forwarded-for": client}).status_code
        for client in clients
    ]


def scheme_for(url: str) -> str:
    """Ask as a proxy that speaks TLS would; return the scheme of the address that the service leads to."""
    headers = {"x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.100"}
    answer = httpx.get(f"{url}/static", headers=headers)
    return answer.headers["location"].partition(":")[0]


@pytest.mark.usefixtures("image")
def test_each_client_is_one() -> None:
    """A client that is over its limit stays so under invented addresses, and takes nothing from others."""
    with limited() as url:
        scheme = scheme_for(url)
        statuses = ask_for(url, *(f"192.0.2.{host}" for host in range(4)))
        of_another = compose("exec", "-T", "service", "python", "-c", ASK_FROM_A_REPLICA)

    assert scheme == "http"
    assert (statuses, of_another) == ([200, 429, 429, 429], "200\n")


@pytest.mark.usefixtures("image")
def test_clients_of_a_proxy_in_front() -> None:
    """A proxy in front that the settings name is believed, in what it has added itself; another is not."""
    with limited(
        FRONT_ADDRESSES="192.0.2.7 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 127.0.0.0/8"
    ) as url:
        of_one = ask_for(url, "192.0.2.1", "192.0.2.9, 192.0.2.1", "192.0.2.8, 192.0.2.1")
        of_another = ask_for(url, "192.0.2.1, 192.0.2.2", "no address", "no address", "no address")
        scheme = scheme_for(url)

    assert scheme == "https"
    assert of_one == [200, 200, 429]
    assert of_another == [200, 200, 200, 429]
