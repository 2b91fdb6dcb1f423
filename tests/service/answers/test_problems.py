"""Every failure of a request as a problem document."""

import logging

import httpx
import pytest

from service.answers.problems import UNKNOWN_FAILURE
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, ask, load_model


def _ask(method: str, path: str, engine: FakeEngine | None = None) -> httpx.Response:
    """Send a good picture to a path; whatever fails must come back as a problem."""
    model = load_model(FakeEngine())
    model.engine = engine or model.engine

    answer = ask(model, method, path, content=encode(draw()))

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    assert answer.json()["instance"] == answer.headers["x-request-id"]
    return answer


def test_our_own_error() -> None:
    """An error of ours is answered with its status, code, title and words."""
    answer = _ask("POST", "/predict?model=cats")

    assert answer.json() | {"instance": ""} == {
        "type": "urn:problem-type:digitserve:unknown-model",
        "title": "Unknown model",
        "status": 404,
        "detail": "There is no model 'cats' here. Served are: digits.",
        "instance": "",
    }


def test_invalid_parameter() -> None:
    """A wrong parameter is named, without the validator's text."""
    answer = _ask("POST", "/predict?detail=perhaps")

    assert answer.status_code == 422
    assert answer.json()["detail"] == (
        "Missing or of a wrong type: detail. See /docs for the parameters of /predict."
    )


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [("GET", "/nothing", "not-found"), ("GET", "/predict", "method-not-allowed")],
)
def test_routing(method: str, path: str, code: str) -> None:
    """Unknown paths and wrong methods are problems too."""
    answer = _ask(method, path)

    assert answer.json()["type"] == f"urn:problem-type:digitserve:{code}"


def test_allowed_methods_are_named() -> None:
    """A wrong method's answer carries the header that RFC 9110 asks for."""
    assert _ask("GET", "/predict").headers["allow"] == "POST"


def test_unknown_failure(caplog: pytest.LogCaptureFixture) -> None:
    """What nobody foresaw is a constant sentence for the client, and a traceback in the log."""
    engine = FakeEngine()
    engine.failure = RuntimeError("secret path /srv/models")

    with caplog.at_level(logging.ERROR, logger="digitserve"):
        answer = _ask("POST", "/predict", engine)

    assert (answer.status_code, answer.json()["detail"]) == (500, UNKNOWN_FAILURE)
    assert "secret" not in answer.text
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert answer.json()["instance"] in record.message
    assert record.exc_info is not None
    assert record.exc_info[1] is engine.failure
