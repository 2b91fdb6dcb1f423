"""Health, manifests, documentation and start-up of a real service."""

import json
import re
import shutil
from pathlib import Path

import httpx
import pytest

from tests.integration.conftest import ROOT, running_service

pytestmark = pytest.mark.integration


def test_health(client: httpx.Client) -> None:
    """Health names each model with a self-test of the last seconds."""
    answer = client.get("/health").json()

    assert answer["ready"] is True
    assert [model["name"] for model in answer["models"]] == ["digits", "textbook"]
    assert all(model["self_test_age_s"] < 10 for model in answer["models"])


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/model"])
def test_head(client: httpx.Client, path: str) -> None:
    """HEAD answers wherever GET does, without a body."""
    answer = client.head(path)

    assert answer.status_code == 200
    assert answer.content == b""


def test_manifests(client: httpx.Client) -> None:
    """The manifests of the bundles are public."""
    answer = client.get("/model?model=textbook").json()

    assert [manifest["parameters"] for manifest in answer] == [242_062]


def test_openapi_declares_errors(client: httpx.Client) -> None:
    """The OpenAPI document declares the problems of /predict."""
    responses = client.get("/openapi.json").json()["paths"]["/predict"]["post"]["responses"]

    assert set(responses) == {"200", "404", "408", "413", "415", "422", "503"}
    assert "application/problem+json" in responses["415"]["content"]


def test_root_is_the_page(client: httpx.Client) -> None:
    """A person who opens the root is shown the page, with its script."""
    assert "static/app.js" in client.get("/").text
    assert client.get("/static/app.js").headers["content-type"].startswith("text/javascript")


def test_readme_shows_the_real_answer(client: httpx.Client) -> None:
    """The curl line of both READMEs gives the answer that stands there."""
    picture = (ROOT / "docs/images/seven.png").read_bytes()

    answer = client.post("/predict", files={"file": picture}).json()

    for page in ("README.md", "README.zh-TW.md"):
        (block,) = re.findall(r"^\{$.*?^\}$", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
        shown = json.loads(block)
        assert shown.pop("probabilities") == pytest.approx(answer["probabilities"], abs=1e-6)
        assert shown.pop("confidence") == pytest.approx(answer["confidence"], abs=1e-6)
        assert shown == {key: answer[key] for key in ("class", "status", "warnings", "model")}


def test_request_id_is_kept(client: httpx.Client) -> None:
    """A client's own request id comes back."""
    answer = client.get("/health/live", headers={"x-request-id": "order-66"})

    assert answer.headers["x-request-id"] == "order-66"


def test_changed_bundle_is_refused(tmp_path: Path) -> None:
    """A bundle with a changed file is not served; the log says which file, in one line."""
    shutil.copytree(ROOT / "models", tmp_path / "models")
    with (tmp_path / "models/digits/1/assets.extra/model.tflite").open("ab") as program:
        program.write(b"x")

    with (
        pytest.raises(AssertionError, match=r"has a changed assets\.extra/model\.tflite"),
        running_service(tmp_path, MODELS_DIR=str(tmp_path / "models")),
    ):
        pass
