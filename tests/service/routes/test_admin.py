"""Who may change the service."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import Request

from service.errors import ForbiddenError, UnauthorizedError
from service.resources import Resources
from service.routes.admin import require_admin
from service.settings import Settings

ADMIN = {"admin_keys": "admin-key"}
BOTH = {**ADMIN, "api_keys": "api-key"}


def _ask(settings: dict[str, str], client: str | None = "127.0.0.1", **headers: str) -> None:
    """Ask for leave from an address, with headers."""
    fields: dict[str, Any] = {**settings}
    resources = cast("Resources", SimpleNamespace(settings=Settings(**fields)))
    pairs = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    scope = {"type": "http", "headers": pairs, "client": client and (client, 50_000)}
    asyncio.run(require_admin(Request(scope), resources))


@pytest.mark.parametrize("settings", [ADMIN, BOTH])
@pytest.mark.parametrize("client", ["127.0.0.1", "192.0.2.7"])
def test_admin_key(settings: dict[str, str], client: str) -> None:
    """An admin key opens, from wherever."""
    _ask(settings, client, x_api_key="admin-key")


@pytest.mark.parametrize("headers", [{}, {"x_api_key": "wrong"}])
def test_unknown_key(headers: dict[str, str]) -> None:
    """Where an admin key is set, nothing else is let in, from this machine neither."""
    with pytest.raises(UnauthorizedError):
        _ask(BOTH, **headers)


def test_api_key_is_not_enough() -> None:
    """A key that only opens the service is told so."""
    with pytest.raises(ForbiddenError, match="wants an admin key"):
        _ask(BOTH, x_api_key="api-key")


@pytest.mark.parametrize("client", ["127.0.0.1", "127.8.8.8", "::1"])
def test_local_program_without_any_key(client: str) -> None:
    """Where no key is set, a program on this machine is let in."""
    _ask({}, client)


@pytest.mark.parametrize("client", ["192.0.2.7", "10.0.0.1", "::ffff:192.0.2.7", "name", None])
def test_others_without_any_key(client: str | None) -> None:
    """Where no key is set, nobody else is, and is told who would be."""
    with pytest.raises(ForbiddenError, match="answers programs on the service's own machine alone"):
        _ask({}, client)


@pytest.mark.parametrize("sign", ["origin", "forwarded", "x_forwarded_for", "x_real_ip", "via"])
def test_local_program_that_speaks_for_others(sign: str) -> None:
    """A page in a browser and a proxy on this machine are not let in without a key."""
    with pytest.raises(ForbiddenError):
        _ask({}, "127.0.0.1", **{sign: "https://stranger.example"})


def test_api_keys_without_admin_keys() -> None:
    """A service with keys has no admin's route while it has no admin key."""
    with pytest.raises(ForbiddenError, match=r"answers nobody.*DIGITSERVE_ADMIN_KEYS"):
        _ask({"api_keys": "api-key"}, x_api_key="api-key")
