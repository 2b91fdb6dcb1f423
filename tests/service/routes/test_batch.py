"""`POST /predict/batch` as lines of JSON."""

import json
import logging
import math
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from service.answers.problems import UNKNOWN_FAILURE
from service.inference.recognition import Model
from service.routes import batch
from service.settings import Settings
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, ask, load_model
from tests.service.labelled_data.files import make_zip

SEVEN = encode(draw())


@pytest.fixture
def digits(model: Model) -> list[bytes]:
    """Ten different canonical digits."""
    return [encode(Image.fromarray(digit)) for digit in model.bundle.validation_set().images[:10]]


def _post(
    model: Model, *contents: bytes, path: str = "/predict/batch", **more: Any
) -> httpx.Response:
    """Send files named by their places."""
    files = [("file", (f"{place}.png", content)) for place, content in enumerate(contents)]
    return ask(model, "POST", path, files=files, **more)


def _lines(answer: httpx.Response) -> list[dict[str, Any]]:
    """Read an answer's lines."""
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


class TestLines:
    """Of the answer."""

    def test_prediction(self, model: Model) -> None:
        """A line has the image's place and name, and what `/predict` answers."""
        (line,) = _lines(_post(model, SEVEN))

        assert list(line)[:4] == ["index", "name", "status_code", "class"]
        single = ask(model, "POST", "/predict", content=SEVEN).json()
        assert line == {"index": 0, "name": "0.png", "status_code": 200, **single}

    def test_bad_picture_fails_alone(self, model: Model) -> None:
        """Each image has its own status, in order; a problem is the one of `/predict`."""
        answer = _post(model, SEVEN, b"no picture", SEVEN, headers={"x-request-id": "me"})

        lines = _lines(answer)
        assert answer.status_code == 200
        assert [line["status_code"] for line in lines] == [200, 415, 200]
        assert list(lines[1]) == ["index", "name", "status_code", "problem"]
        single = ask(
            model, "POST", "/predict", content=b"no picture", headers={"x-request-id": "me"}
        )
        assert lines[1]["problem"] == single.json()

    def test_zip(self, model: Model) -> None:
        """A zip is unpacked, as the body or as the one file; lines have its members' paths."""
        body = make_zip({"a/7.png": SEVEN, "b.txt": b"no picture"})

        lines = _lines(ask(model, "POST", "/predict/batch", content=body))

        assert [(line["name"], line["status_code"]) for line in lines] == [
            ("a/7.png", 200),
            ("b.txt", 415),
        ]
        assert [line["name"] for line in _lines(_post(model, body))] == ["a/7.png", "b.txt"]

    def test_detail(self, model: Model) -> None:
        """`?detail=true` adds what the model saw."""
        (line,) = _lines(_post(model, SEVEN, path="/predict/batch?detail=true"))

        assert line["detail"]["canonical"].startswith("data:image/png;base64,")


class TestOrder:
    """Of the lines."""

    def test_each_gets_its_own_answer(
        self, digits: list[bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Over several threads and hops, every line is that of its image."""
        monkeypatch.setattr(batch, "HOPS_AHEAD", 2)
        monkeypatch.setattr(batch, "HOP_IMAGES", 2)
        model = load_model(_EngineOfSums())
        singles = [ask(model, "POST", "/predict", content=image).json() for image in digits]

        lines = _lines(_post(model, *digits))

        assert len({tuple(single["probabilities"]) for single in singles}) == 10
        assert [line["index"] for line in lines] == list(range(10))
        assert [line["probabilities"] for line in lines] == [
            one["probabilities"] for one in singles
        ]

    def test_turns(self, digits: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
        """Pictures that take longer than a turn lose neither their place nor their answer."""
        monkeypatch.setattr(batch, "TURN_S", 0.0)

        lines = _lines(_post(load_model(_EngineOfSums()), *digits))

        assert [line["index"] for line in lines] == list(range(10))
        assert len({tuple(line["probabilities"]) for line in lines}) == 10

    def test_parts_are_batches(self, digits: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
        """The engine is called once for what a thread takes at a time."""
        monkeypatch.setattr(batch, "HOP_IMAGES", 4)
        monkeypatch.setattr(batch, "TURN_S", math.inf)
        engine = _EngineOfSums()
        model = load_model(engine)
        engine.sizes.clear()

        _post(model, *digits)

        assert sorted(engine.sizes) == [2, 4, 4]


class TestFailures:
    """Of ours, and of the whole upload."""

    def test_failing_engine(
        self, engine: FakeEngine, model: Model, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Every line tells the constant sentence, and the log has the traceback once."""
        engine.failure = RuntimeError("secret path /srv/models")

        with caplog.at_level(logging.ERROR, logger="digitserve"):
            lines = _lines(_post(model, SEVEN, b"no picture", SEVEN))

        assert [line["status_code"] for line in lines] == [500, 415, 500]
        assert lines[0]["problem"]["detail"] == UNKNOWN_FAILURE
        assert [record.exc_info is not None for record in caplog.records] == [True]

    def test_too_many_images(self, model: Model, digits: list[bytes]) -> None:
        """Too many are refused as a whole, with a problem document."""
        answer = _post(model, *digits, settings=Settings(max_batch_images=9))

        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:problem-type:digitserve:unusable-batch"
        assert "holds 10 images; at most 9" in answer.json()["detail"]

    def test_nothing(self, model: Model) -> None:
        """A body without bytes is no batch of one bad image: it is refused as a whole."""
        answer = ask(model, "POST", "/predict/batch")

        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:problem-type:digitserve:empty-upload"

    def test_too_many_bytes(self, model: Model) -> None:
        """So is a body over the bound of bytes."""
        answer = _post(model, SEVEN, settings=Settings(max_batch_bytes=100))

        assert answer.status_code == 413

    def test_unknown_model(self, model: Model) -> None:
        """`?model=` picks a model that must be there."""
        assert _post(model, SEVEN, path="/predict/batch?model=cats").status_code == 404


def test_line_is_declared(model: Model) -> None:
    """The OpenAPI document has the two schemas of a line, and no reference that leads nowhere."""
    document = ask(model, "GET", "/openapi.json").json()

    ok = document["paths"]["/predict/batch"]["post"]["responses"]["200"]
    kinds = ok["content"]["application/x-ndjson"]["schema"]["anyOf"]
    assert [kind["title"] for kind in kinds] == ["PredictedLine", "FailedLine"]
    references = set(_references(document))
    assert (
        references - {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
        == set()
    )


def _references(node: Any) -> list[str]:
    """Return every `$ref` below a node of JSON."""
    if isinstance(node, list):
        return [found for each in node for found in _references(each)]
    if not isinstance(node, dict):
        return []
    here = [node["$ref"]] if "$ref" in node else []
    return here + _references(list(node.values()))


class _EngineOfSums(FakeEngine):
    """Answers by the picture alone, and notes the size of every batch."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def predict(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Weigh the digits by sums of the picture."""
        self.sizes.append(len(images))
        parts = images.reshape(len(images), -1)[:, :780].reshape(len(images), 10, 78)
        weights = parts.sum(axis=2).astype(np.float32) + 1
        probabilities: npt.NDArray[np.float32] = weights / weights.sum(axis=1, keepdims=True)
        return probabilities
