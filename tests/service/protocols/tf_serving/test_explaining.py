"""`:explain` of KServe's first protocol."""

import base64
import math
from typing import Any

import httpx
import numpy as np
import pytest

from service.engines.litert import LiteRTEngine
from service.inference.recognition import Model
from service.protocols.tf_serving.explaining import MAX_EXPLAINED
from service.resources import Resources
from service.settings import Settings
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, ask, load_model

PATH = "/v1/models/digits:explain"
FILE = encode(draw())
PICTURE = {"b64": base64.b64encode(FILE).decode()}
BLANK = np.zeros((28, 28), int).tolist()


@pytest.fixture(scope="module")
def model() -> Model:
    """The default model with its own engine."""
    bundle = load_model(FakeEngine()).bundle
    return Model(bundle, LiteRTEngine(bundle.litert_program))


def explain(model: Model, *instances: Any, path: str = PATH, **options: Any) -> httpx.Response:
    """Have images explained."""
    return ask(model, "POST", path, json={"instances": instances}, **options)


@pytest.mark.parametrize("path", [PATH, "/v1/models/digits/versions/1:explain"])
def test_says_what_explain_says(model: Model, path: str) -> None:
    """A picture gets the row of `:predict`, and the saliency of `/explain`."""
    native = ask(model, "POST", "/explain?saliency=true", content=FILE).json()

    answer = explain(model, PICTURE, path=path).json()

    (explanation,) = answer["explanations"]
    assert set(answer) == {"predictions", "explanations"}
    np.testing.assert_allclose(answer["predictions"], [native["probabilities"]], atol=1e-5)
    assert explanation["class"] == native["class"] == 7
    assert explanation["status"] == native["status"]
    assert explanation["canonical"] == native["detail"]["canonical"]
    assert explanation["saliency"] == native["saliency"]


def test_digits(model: Model) -> None:
    """Canonical digits are explained in order; a blank one has no ink that could speak."""
    answer = explain(model, model.bundle.validation_set().images[0].tolist(), BLANK).json()

    first, blank = ([it["evidence"] for it in each["saliency"]] for each in answer["explanations"])
    assert np.shape(first) == np.shape(blank) == (2, 28, 28)
    assert np.any(first)
    assert not np.any(blank)
    assert len(answer["predictions"]) == 2


class TestRefused:
    """What is not explained."""

    def test_many(self, model: Model) -> None:
        """More images than a few are refused; the error says how many may come."""
        answer = explain(model, *[BLANK] * (MAX_EXPLAINED + 1))

        assert answer.status_code == 400
        assert f"9 images; 1 to {MAX_EXPLAINED} are accepted" in answer.json()["error"]

    def test_bad_picture(self, model: Model) -> None:
        """A picture that cannot be used spoils the request, and is named."""
        answer = explain(model, PICTURE, {"b64": "eA=="})

        assert answer.status_code == 400
        assert answer.json()["error"].startswith("Picture 1, counted from 0: ")

    def test_large_picture(self, model: Model) -> None:
        """No picture may have more bytes than an upload."""
        settings = Settings(max_upload_bytes=len(FILE) - 1)

        assert explain(model, PICTURE, settings=settings).status_code == 413

    @pytest.mark.parametrize(
        ("path", "status"),
        [("/v1/models/half:explain", 404), ("/v1/models/digits/versions/7:explain", 404)],
    )
    def test_unknown(self, model: Model, path: str, status: int) -> None:
        """An unknown model or version is."""
        assert explain(model, BLANK, path=path).status_code == status

    def test_without_a_key(self, model: Model) -> None:
        """A key is asked for as elsewhere."""
        settings = Settings.model_validate({"api_keys": "key"})

        assert explain(model, BLANK, settings=settings).status_code == 401

    @pytest.mark.parametrize(("num_others", "status"), [(4, 200), (5, 503)])
    def test_only_so_many_wait(self, model: Model, num_others: int, status: int) -> None:
        """Explanations have a gate of their own."""

        def crowd(resources: Resources) -> None:
            for _ in range(num_others):
                resources.explanation_gate.enter(math.inf)

        assert explain(model, BLANK, prepare=crowd).status_code == status

    def test_late(self, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
        """An explanation whose time has run out is not begun."""
        monkeypatch.setattr("service.routes.intake.read_timeout_s", lambda *_: 0.0)

        answer = explain(model, BLANK)

        assert answer.status_code == 503
        assert answer.headers["retry-after"]
