"""What every answer tells a browser."""

import base64
import hashlib
import re

import pytest

from service.security_headers import security_headers
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


def test_documentation_runs_its_own_scripts_alone() -> None:
    """The policy of /docs names its inline script by hash; whatever else it loads is the service's own."""
    answer = ask(load_model(FakeEngine()), "GET", "/docs")

    (script,) = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = answer.headers.get_list("content-security-policy")
    assert f"script-src 'self' 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none'; ")
    for name in re.findall(r'(?:src|href)="([^"]+[.](?:js|css))"', answer.text):
        assert ask(load_model(FakeEngine()), "GET", f"/{name}").status_code == 200
    assert "http" not in answer.text.replace("http-equiv", "")
