"""Keys, limits and other sites' pages of a real service."""

from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from tests.integration.conftest import ROOT, running_service

pytestmark = pytest.mark.integration

SEVEN = (ROOT / "docs/images/seven.png").read_bytes()
HASH = "sha256:2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683"  # of `key`
SITE = "https://friend.example"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Generator[httpx.Client]:
    """A client of a service that has keys, a limit, and one site in its list."""
    folder = tmp_path_factory.mktemp("service")
    settings = {
        "API_KEYS": f"{HASH},plain-key,greedy-key",
        "ADMIN_KEYS": "admin-key",
        "RATE_LIMIT": "20/h",
        "CORS_ORIGINS": SITE,
    }
    with running_service(folder, ENGINE="litert", **settings) as service:
        yield service


@pytest.mark.parametrize("path", ["/predict", "/predict?detail=true", "/predict/batch"])
def test_keys(guarded: httpx.Client, path: str) -> None:
    """Both keys open, in either header; nothing else does, and the whole upload may be sent."""
    statuses = [
        guarded.post(path, content=content, headers=headers).status_code
        for content, headers in (
            (SEVEN, {"authorization": "Bearer key"}),
            (SEVEN, {"x-api-key": "plain-key"}),
            (SEVEN, {"x-api-key": "other-key"}),
            (bytes(8_000_000), {"x-api-key": HASH}),
            (SEVEN, {}),
        )
    ]

    assert statuses == [200, 200, 401, 401, 401]


def test_probes_need_no_key(guarded: httpx.Client) -> None:
    """A probe has no key, and is not counted."""
    statuses = {guarded.get("/health/ready").status_code for _ in range(30)}

    assert statuses == {200}


@pytest.mark.parametrize("path", ["/model/reload", "/model/rollback"])
def test_admin_routes(guarded: httpx.Client, path: str) -> None:
    """They want an admin key, from this machine too; one that opens the service is not enough."""
    keys = ("", "wrong-key", "plain-key", "admin-key")

    answers = [guarded.post(path, headers={"x-api-key": key}) for key in keys]

    assert [answer.status_code for answer in answers[:3]] == [401, 401, 403]
    assert answers[3].status_code not in {401, 403}


@pytest.mark.same_machine
def test_admin_routes_without_any_key(client: httpx.Client) -> None:
    """Where no key is set they answer programs on this machine, and no page in its browser."""
    page = client.post("/model/rollback", headers={"origin": SITE})
    proxied = client.post("/model/rollback", headers={"x-forwarded-for": "192.0.2.7"})
    program = client.post("/model/rollback")

    assert (page.status_code, proxied.status_code) == (403, 403)
    assert program.status_code not in {401, 403}


def test_limit(guarded: httpx.Client) -> None:
    """A key that asks too often is told when to come again; the page of the listed site may read it."""
    headers = {"x-api-key": "greedy-key", "origin": SITE}

    answers = [guarded.post("/predict", content=SEVEN, headers=headers) for _ in range(21)]

    assert answers[-1].status_code == 429
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 180
    assert answers[-1].headers["access-control-allow-origin"] == SITE
    other = guarded.post("/predict", content=SEVEN, headers={"x-api-key": "key"})
    assert other.status_code == 200


def test_mistake_in_a_key_is_not_logged(tmp_path: Path) -> None:
    """A service whose keys cannot be read does not start, and does not say what they are."""
    with (
        pytest.raises(AssertionError, match="64 hexadecimal digits") as caught,
        running_service(tmp_path, API_KEYS="plain-key,sha256:12"),
    ):
        pass

    assert "plain-key" not in str(caught.value)
