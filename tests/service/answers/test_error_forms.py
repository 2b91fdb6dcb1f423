"""Which paths are answered in another protocol's form."""

import pytest

from service.answers.error_forms import has_own_form, to_protocol_status
from service.settings import Settings
from tests.service.in_process import FakeEngine, ask, load_model


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1", True),
        ("/v2/", True),
        ("/V1/models/digits", True),
        ("/v2/models/digits/infer", True),
        ("/v10", False),
        ("/v2x/models", False),
        ("/predict", False),
        ("/", False),
    ],
)
def test_has_own_form(path: str, expected: bool) -> None:
    """The protocols' own paths alone have their form."""
    assert has_own_form(path) is expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [(401, 401), (404, 404), (413, 413), (415, 400), (422, 400), (500, 500), (503, 503)],
)
def test_to_protocol_status(status: int, expected: int) -> None:
    """What a client acts on keeps its status; what else is wrong with a request is 400."""
    assert to_protocol_status(status) == expected


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v2/nothing", 404), ("DELETE", "/v2", 405), ("GET", "/v2/models/digits/infer", 405)],
)
def test_routing_failures(method: str, path: str, status: int) -> None:
    """Unknown routes and methods below a protocol's prefix are answered in its form."""
    answer = ask(load_model(FakeEngine()), method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"error"}


@pytest.mark.parametrize("path", ["/v1/models/digits:predict", "/v2/models/digits/infer"])
def test_missing_keys(path: str) -> None:
    """A request without a key is refused in the protocol's form, with the challenge."""
    settings = Settings.model_validate({"api_keys": "key"})

    answer = ask(load_model(FakeEngine()), "POST", path, settings=settings)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert set(answer.json()) == {"error"}


def test_failures_of_ours() -> None:
    """A failure that nobody foresaw has the protocol's form, and says no more than it must."""
    model = load_model(engine := FakeEngine())
    engine.failure = RuntimeError("secret")
    tensor = {"name": "images", "datatype": "UINT8", "shape": [1, 28, 28], "data": [0] * 784}

    answer = ask(model, "POST", "/v2/models/digits/infer", json={"inputs": [tensor]})

    assert answer.status_code == 500
    assert set(answer.json()) == {"error"}
    assert "secret" not in answer.text
