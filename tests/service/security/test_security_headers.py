"""What every answer tells a browser."""

import re

import pytest

from service.security.security_headers import security_headers
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, ask, load_model

EXPECTED = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/predict", 200),
        ("POST", "/predict?detail=true", 200),
        ("POST", "/predict/batch", 200),
        ("GET", "/health", 200),
        ("HEAD", "/health/live", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/static/app.js", 200),
        ("POST", "/predict?model=cats", 404),
        ("GET", "/nothing", 404),
        ("GET", "/predict", 405),
        ("POST", "/predict?detail=perhaps", 422),
    ],
)
def test_every_answer_has_them_once(method: str, path: str, status: int) -> None:
    """Answers and problems, of the fast path and of the framework, have each header once."""
    answer = ask(load_model(FakeEngine()), method, path, content=encode(draw()))

    assert answer.status_code == status
    assert {name: answer.headers.get_list(name) for name in EXPECTED} == {
        name: [value] for name, value in EXPECTED.items()
    }


@pytest.mark.parametrize("path", ["/predict", "/predict?detail=true"])
def test_unknown_failures_have_them(path: str) -> None:
    """So have the answers to what nobody foresaw."""
    model = load_model(FakeEngine())
    model.engine.failure = RuntimeError("secret")  # type: ignore[attr-defined]  # it is the fake one

    answer = ask(model, "POST", path, content=encode(draw()))

    assert answer.status_code == 500
    assert {name: answer.headers[name] for name in EXPECTED} == EXPECTED


def test_policy_of_its_own_stays() -> None:
    """An answer that has a policy keeps it, and gets the rest."""
    headers = security_headers([(b"content-security-policy", b"default-src 'self'")])

    assert dict(headers) == {
        b"x-content-type-options": b"nosniff",
        b"referrer-policy": b"no-referrer",
    }


def test_documentation_runs_its_own_files_alone() -> None:
    """The policy of /docs lets in files of the service and nothing inline; what it names is there."""
    answer = ask(load_model(FakeEngine()), "GET", "/docs")

    (policy,) = answer.headers.get_list("content-security-policy")
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "unsafe" not in policy
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", answer.text) == []
    for name in re.findall(r'(?:src|href)="([^"]+[.](?:js|css|svg))"', answer.text):
        assert ask(load_model(FakeEngine()), "GET", f"/{name}").status_code == 200
    assert "http" not in answer.text
