"""The routes of TensorFlow Serving."""

import base64
from typing import Any

import httpx
import numpy as np
import pytest

from service.app import find_templates
from service.inference.models import Models
from service.inference.recognition import Model
from service.protocols.tf_serving.routes import Target, list_versions
from service.telemetry.metrics.recorder import Recorder
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, ask, load_model

MODELS = "/v1/models/digits"
PICTURE = {"b64": base64.b64encode(encode(draw())).decode()}
SEVEN = np.eye(10)[7].tolist()


@pytest.fixture(scope="module")
def model() -> Model:
    """A model that takes every digit for a 7."""
    return load_model(FakeEngine())


def call(model: Model, path: str, **options: Any) -> httpx.Response:
    """Send a request, of one picture if it has no body of its own."""
    options = options or {"json": {"instances": [PICTURE]}}
    return ask(model, "POST", path, **options)


class TestPredict:
    """`:predict`."""

    @pytest.mark.parametrize(
        "path",
        [
            f"{MODELS}:predict",
            f"{MODELS}/versions/1:predict",
            f"{MODELS}/labels/stable:predict",
            "/V1/Models/digits:PREDICT",
        ],
    )
    def test_rows(self, model: Model, path: str) -> None:
        """Images in rows get probabilities in rows; the case of the path means nothing, but the name's."""
        assert call(model, path).json() == {"predictions": [SEVEN]}

    def test_columns(self, model: Model) -> None:
        """Images in columns get their one output without its name."""
        answer = call(model, f"{MODELS}:predict", json={"inputs": [PICTURE, PICTURE]})

        assert answer.json() == {"outputs": [SEVEN, SEVEN]}

    @pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded"])
    def test_content_type(self, model: Model, content_type: str) -> None:
        """The Content-Type means nothing: curl -d sends another one."""
        content = b'{"instances": [{"b64": "%s"}]}' % PICTURE["b64"].encode()
        headers = {"content-type": content_type}

        answer = call(model, f"{MODELS}:predict", content=content, headers=headers)

        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"

    def test_regress(self, model: Model) -> None:
        """The model is none of regression."""
        answer = call(model, f"{MODELS}:regress")

        assert answer.status_code == 400
        assert answer.json()["error"].endswith("Was: tensorflow/serving/predict")


def test_classify(model: Model) -> None:
    """Each image gets every digit with its probability."""
    answer = call(model, f"{MODELS}:classify", json={"examples": [{"image": PICTURE}]})

    expected = [[str(digit), float(digit == 7)] for digit in range(10)]
    assert answer.json() == {"results": [expected]}


class TestStatus:
    """The state of the versions."""

    @pytest.mark.parametrize("path", [MODELS, f"{MODELS}/versions/1", f"{MODELS}/labels/stable"])
    def test_available(self, model: Model, path: str) -> None:
        """A version that is loaded is available; its number is a text."""
        status = {"error_code": "OK", "error_message": ""}
        expected = {"version": "1", "state": "AVAILABLE", "status": status}

        assert ask(model, "GET", path).json() == {"model_version_status": [expected]}

    def test_refused(self, model: Model) -> None:
        """A version that was refused has ended, with the reason."""
        models = Models({"digits": model}, "digits", refused={"digits": {"2": "It is damaged."}})

        _, refused = list_versions(models, Target("digits", None, None))

        assert (refused["version"], refused["state"]) == ("2", "END")
        assert refused["status"]["error_message"] == "It is damaged."
        assert list_versions(models, Target("digits", "2", None)) == [refused]


def test_metadata(model: Model) -> None:
    """The signature has its types and shapes as Protocol Buffers write them."""
    answer = ask(model, "GET", f"{MODELS}/metadata").json()

    assert answer["model_spec"] == {"name": "digits", "signature_name": "", "version": "1"}
    signature = answer["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["method_name"] == "tensorflow/serving/predict"
    assert signature["inputs"]["images"]["dtype"] == "DT_UINT8"
    sizes = [size["size"] for size in signature["outputs"]["probabilities"]["tensor_shape"]["dim"]]
    assert sizes == ["-1", "10"]


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/v1/models", 400, "Missing model name in request."),
        ("POST", "/v1/models/half:predict", 404, "Servable not found for request: Latest(half)"),
        ("POST", f"{MODELS}/versions/7:predict", 404, "Servable not found for request: Specific(digits, 7)"),
        ("POST", f"{MODELS}/labels/x:predict", 400, "Unrecognized servable version label: x"),
        ("GET", "/v1/models/half/metadata", 404, "Servable not found for request: Latest(half)"),
        ("GET", "/v1/models/half", 404, "Could not find any versions of model half"),
        ("GET", f"{MODELS}/versions/7", 404, "Could not find version 7 of model digits"),
        ("POST", f"{MODELS}:guess", 400, "Malformed request: POST /v1/models/digits:guess"),
        ("GET", f"{MODELS}:predict", 400, "Malformed request: GET /v1/models/digits:predict"),
        ("POST", MODELS, 400, "Malformed request: POST /v1/models/digits"),
        ("DELETE", MODELS, 400, "Malformed request: DELETE /v1/models/digits"),
        ("GET", "/v1/nothing", 400, "Malformed request: GET /v1/nothing"),
        ("PROPFIND", MODELS, 400, "Malformed request: PROPFIND /v1/models/digits"),
        ("OPTIONS", MODELS, 400, "Malformed request: OPTIONS /v1/models/digits"),
        ("GET", "/v1", 400, "Malformed request: GET /v1"),
        ("POST", "/V1", 400, "Malformed request: POST /V1"),
    ],
)  # fmt: skip
def test_errors(model: Model, method: str, path: str, status: int, message: str) -> None:
    """Statuses and texts are TensorFlow Serving's."""
    answer = ask(model, method, path, json={"instances": [PICTURE]})

    assert (answer.status_code, answer.json()) == (status, {"error": message})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b"{}", "Missing 'inputs' or 'instances' key"),
        (b'{"instances": [{"b64": "eA=="}]}', None),
    ],
)
def test_bodies(model: Model, content: bytes, message: str | None) -> None:
    """A body that cannot be used is 400, a picture that cannot be read too."""
    answer = call(model, f"{MODELS}:predict", content=content)

    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}
    assert message is None or answer.json()["error"] == message


@pytest.mark.parametrize(
    ("method", "path", "template"),
    [
        ("POST", f"{MODELS}:predict", "/v1/models/{name}:predict"),
        ("POST", "/v1/models/half:predict", "/v1/models/{name}:predict"),
        ("POST", f"{MODELS}/versions/1:classify", "/v1/models/{name}/versions/{version}:classify"),
        ("POST", f"{MODELS}/labels/stable:regress", "/v1/models/{name}/labels/{label}:regress"),
        ("GET", f"{MODELS}/versions/1/metadata", "/v1/models/{name}/versions/{version}/metadata"),
        ("GET", MODELS, "/v1/models/{name}"),
        ("POST", "/v1/Models/digits:predict", "/v1/{rest:path}"),
        ("DELETE", "/v1/models/digits", "other"),
    ],
)
def test_metrics(model: Model, method: str, path: str, template: str) -> None:
    """Requests are counted by the template of their path, whatever model and version it names."""
    recorder = Recorder(routes=find_templates())

    ask(model, method, path, recorder=recorder, json={"instances": [PICTURE]})

    counted = ask(model, "GET", "/metrics", recorder=recorder).text
    assert f'digitserve_requests_total{{route="{template}",' in counted
