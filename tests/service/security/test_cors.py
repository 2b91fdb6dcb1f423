"""Other sites' pages."""

import httpx
import pytest

from service.security.cors import read_origins
from service.settings import Settings
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, ask, load_model

FRIEND, STRANGER = "https://friend.example", "https://stranger.example"
ALLOW = "access-control-allow-origin"


def _ask(method: str, path: str, origin: str = FRIEND, **headers: str) -> httpx.Response:
    """Ask a service with keys that lets in the pages of one site."""
    settings = Settings(cors_origins=FRIEND, api_keys="key")
    headers = {"origin": origin, **{name.replace("_", "-"): text for name, text in headers.items()}}
    model = load_model(FakeEngine())
    return ask(model, method, path, settings=settings, content=encode(draw()), headers=headers)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/predict", 200), ("/predict?detail=true", 200), ("/predict?model=cats", 404)],
)
def test_listed_origin(path: str, status: int) -> None:
    """A page of the list may read answers and problems, of the fast path and of the framework."""
    answer = _ask("POST", path, x_api_key="key")

    assert answer.status_code == status
    assert answer.headers[ALLOW] == FRIEND
    assert answer.headers["vary"] == "Origin"
    assert (
        answer.headers["access-control-expose-headers"]
        == "X-Request-ID, Retry-After, Server-Timing, Inference-Header-Content-Length"
    )


def test_listed_origin_without_a_key() -> None:
    """It may read that it needs a key, too."""
    answer = _ask("POST", "/predict")

    assert (answer.status_code, answer.headers[ALLOW]) == (401, FRIEND)


@pytest.mark.parametrize("path", ["/predict", "/predict?detail=true"])
def test_unknown_failure(path: str) -> None:
    """A page of the list may read of a failure that nobody foresaw."""
    model = load_model(FakeEngine())
    model.engine.failure = RuntimeError("broken")  # type: ignore[attr-defined]  # it is the fake one
    settings = Settings(cors_origins=(FRIEND,))

    answer = ask(
        model, "POST", path, settings=settings, content=encode(draw()), headers={"origin": FRIEND}
    )

    assert (answer.status_code, answer.headers.get_list(ALLOW)) == (500, [FRIEND])


def test_other_origin() -> None:
    """Another site's page gets no leave to read anything."""
    answer = _ask("POST", "/predict", STRANGER, x_api_key="key")

    assert ALLOW not in answer.headers


def test_preflight() -> None:
    """A browser may ask without a key whether a page may send one; the answer has every header of ours."""
    answer = _ask(
        "OPTIONS",
        "/predict",
        access_control_request_method="POST",
        access_control_request_headers="authorization,x-api-key",
    )

    assert (answer.status_code, answer.headers[ALLOW]) == (200, FRIEND)
    assert "X-API-Key" in answer.headers["access-control-allow-headers"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"]


def test_preflight_of_tensors() -> None:
    """A page may send binary tensors of the Open Inference Protocol, compressed or not."""
    answer = _ask(
        "OPTIONS",
        "/v2/models/digits/infer",
        access_control_request_method="POST",
        access_control_request_headers="content-encoding,inference-header-content-length",
    )

    assert (answer.status_code, answer.headers[ALLOW]) == (200, FRIEND)


@pytest.mark.parametrize(
    ("origin", "method"), [(STRANGER, "POST"), (FRIEND, "DELETE")], ids=["origin", "method"]
)
def test_preflight_is_refused(origin: str, method: str) -> None:
    """Another site, or a method that nothing here answers, is refused."""
    answer = _ask("OPTIONS", "/predict", origin, access_control_request_method=method)

    assert answer.status_code == 400


def test_nothing_is_added_without_a_list() -> None:
    """By default no page of another site may read anything."""
    answer = ask(
        load_model(FakeEngine()),
        "POST",
        "/predict",
        content=encode(draw()),
        headers={"origin": FRIEND},
    )

    assert ALLOW not in answer.headers
    assert "vary" not in answer.headers


class TestReadOrigins:
    """`read_origins`."""

    def test_list(self) -> None:
        """Origins stand between commas, in lower case as browsers send them."""
        text = "https://A.example, http://localhost:3000,"

        assert read_origins(text) == ("https://a.example", "http://localhost:3000")

    def test_all(self) -> None:
        """A star means all."""
        assert read_origins("*") == ("*",)

    @pytest.mark.parametrize(
        "text", ["a.example", "https://a.example/", "https://a.example/page", "https://*.example"]
    )
    def test_mistakes(self, text: str) -> None:
        """What no browser sends as an origin is refused."""
        with pytest.raises(ValueError, match="without a path"):
            read_origins(text)
