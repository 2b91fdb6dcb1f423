"""Keys and rate limits, in front of the fast path and of the framework."""

import asyncio
import logging
from typing import Any

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from service.middleware.access import Access, is_needed
from service.settings import Settings
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, ask, load_model

CLOSED = [
    ("POST", "/predict"),
    ("POST", "/predict?detail=true"),
    ("POST", "/predict/batch"),
    ("POST", "/evaluate"),
    ("GET", "/model"),
    ("GET", "/metrics"),
    ("GET", "/nothing"),
    ("GET", "/health/"),
    ("GET", "/health/../model"),
]
OPEN = [
    *("/health", "/health/live", "/health/ready", "/v2/health/live", "/v2/health/ready"),
    *("/", "/docs", "/openapi.json", "/static/none"),
]


def _settings(**given: str) -> Settings:
    """Settings as the environment would have them."""
    fields: dict[str, Any] = {"api_keys": "good-key,other-key", **given}
    return Settings(**fields)


def _ask(method: str, path: str, settings: Settings, key: str | None = None) -> httpx.Response:
    headers = {} if key is None else {"x-api-key": key}
    model = load_model(FakeEngine())
    return ask(model, method, path, settings=settings, content=encode(draw()), headers=headers)


@pytest.mark.parametrize(("method", "path"), CLOSED)
@pytest.mark.parametrize("key", [None, "", "wrong-key"])
def test_no_key_opens_nothing(method: str, path: str, key: str | None) -> None:
    """Without a known key a request gets a problem that says how to show one, and nothing else."""
    answer = _ask(method, path, _settings(), key)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="digitserve"'
    assert answer.json() == {
        "type": "urn:problem-type:digitserve:unauthorized",
        "title": "Unauthorized",
        "status": 401,
        "detail": "No key that is known here came with the request. Send yours in the header "
        "Authorization: Bearer KEY, or in X-API-Key: KEY.",
        "instance": answer.headers["x-request-id"],
    }


@pytest.mark.parametrize("path", ["/predict", "/predict?detail=true"])
@pytest.mark.parametrize("key", ["good-key", "other-key", "admin-key"])
def test_key_opens(path: str, key: str) -> None:
    """Every key opens the fast path and the framework, an admin key too."""
    answer = _ask("POST", path, _settings(admin_keys="admin-key"), key)

    assert (answer.status_code, answer.json()["class"]) == (200, 7)


@pytest.mark.parametrize("path", OPEN)
def test_open_paths(path: str) -> None:
    """Probes, the documentation and the pages need no key, and are not counted."""
    settings = _settings(rate_limit="1/h")

    answers = [_ask("GET", path, settings).status_code for _ in range(3)]

    assert set(answers) <= {200, 307, 404}


def test_admin_keys_alone_close_nothing() -> None:
    """With admin keys alone, what is no admin's route stays open."""
    settings = _settings(api_keys="", admin_keys="admin-key")

    assert not is_needed(settings)
    assert _ask("POST", "/predict", settings).status_code == 200


def test_costs_nothing_where_nothing_is_set() -> None:
    """Without keys and limit the layer is not there."""
    assert not is_needed(Settings())
    assert is_needed(_settings())
    assert is_needed(Settings(rate_limit="1/s"))


def test_keys_are_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    """Neither a known key nor a wrong one comes back or stands in the log, failure or not."""
    model = load_model(FakeEngine())
    model.engine.failure = RuntimeError("broken")  # type: ignore[attr-defined]  # it is the fake one

    with caplog.at_level(logging.DEBUG):
        answers = [
            ask(
                model,
                "POST",
                "/predict",
                settings=_settings(),
                content=encode(draw()),
                headers=headers,
            )
            for headers in (
                {"x-api-key": "good-key"},
                {"authorization": "Bearer good-key"},
                {"x-api-key": "wrong-key"},
            )
        ]

    shown = caplog.text + "".join(f"{answer.headers} {answer.text}" for answer in answers)
    assert [answer.status_code for answer in answers] == [500, 500, 401]
    assert "good-key" not in shown
    assert "wrong-key" not in shown


class TestRateLimit:
    """Requests beyond the limit."""

    def test_each_key_has_its_own(self) -> None:
        """A key beyond its limit gets a problem that says when to come again; another goes on."""
        statuses = _send(_settings(rate_limit="2/h"), ["good-key"] * 3 + ["other-key"])

        assert [status for status, _ in statuses] == [204, 204, 429, 204]
        assert statuses[2][1][b"retry-after"] == b"1800"

    def test_wrong_keys_are_not_counted(self) -> None:
        """What shows no known key is refused as such, however often it comes."""
        statuses = _send(_settings(rate_limit="1/h"), ["wrong"] * 3 + ["good-key"])

        assert [status for status, _ in statuses] == [401, 401, 401, 204]

    def test_addresses_where_no_keys_are_set(self) -> None:
        """Without keys, each address has a limit of its own, and so has whoever has none."""
        settings = _settings(api_keys="", rate_limit="1/h")

        statuses = _send(settings, ["", "", ""], clients=[("a", 1), ("a", 2), ("b", 1)])
        nameless = _send(settings, ["", ""], clients=[None, None])

        assert [status for status, _ in statuses] == [204, 429, 204]
        assert [status for status, _ in nameless] == [204, 429]


def _send(
    settings: Settings, keys: list[str], clients: list[Any] | None = None
) -> list[tuple[int, dict[bytes, bytes]]]:
    """Send requests through one layer, and return status and headers of each answer."""
    access = Access(_answer, settings)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def unused() -> Message:
        raise AssertionError("a body was read")

    for key, client in zip(keys, clients or [("c", 1)] * len(keys), strict=True):
        headers = [(b"x-api-key", key.encode())]
        scope = {"type": "http", "path": "/predict", "headers": headers, "client": client}
        asyncio.run(access(scope, unused, send))
    starts = [message for message in sent if message["type"] == "http.response.start"]
    return [(start["status"], dict(start["headers"])) for start in starts]


async def _answer(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def test_other_protocols_pass() -> None:
    """A start-up needs no key."""
    seen: list[Scope] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope)

    async def unused(*_: Any) -> Any:
        raise AssertionError

    asyncio.run(Access(app, _settings())({"type": "lifespan"}, unused, unused))

    assert seen == [{"type": "lifespan"}]
