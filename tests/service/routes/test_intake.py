"""What every route that computes does before it computes."""

import gzip
import itertools
import json
import math
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from service.errors import InvalidTimeoutError
from service.inference.recognition import Model
from service.intake import admission
from service.intake.admission import Gate, Place
from service.resources import Resources
from service.routes.intake import read_timeout_s
from service.settings import Settings
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, ask
from tests.service.labelled_data.files import make_zip

DIGIT = encode(draw())
PHOTO = encode(draw(size=(400, 400)))
LARGE_FILE = DIGIT + bytes(500_000)
ROWS = [[0] * 28] * 28
TENSOR = {"name": "images", "datatype": "UINT8", "shape": [1, 28, 28], "data": [0] * 784}
ROUTES = ["/predict", "/predict?detail=true", "/predict/batch", "/explain", "/evaluate"]


def _gates(resources: Resources) -> list[Gate]:
    """Return every gate."""
    return [resources.gate, resources.evaluation_gate, resources.explanation_gate]


def _fill(resources: Resources) -> None:
    """Take every place."""
    for gate in _gates(resources):
        for _ in range(gate.capacity):
            gate.enter(math.inf)


class TestRoom:
    """Room, and none."""

    @pytest.mark.parametrize("path", ROUTES)
    def test_none(self, path: str, model: Model) -> None:
        """What finds no room is refused, with the time after which to come again."""
        answer = ask(model, "POST", path, content=DIGIT, prepare=_fill)

        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert answer.json()["type"] == "urn:problem-type:digitserve:overloaded"

    @pytest.mark.parametrize("path", ["/v1/models/digits:predict", "/v2/models/digits/infer"])
    def test_other_protocols(self, path: str, model: Model) -> None:
        """They have no room of their own."""
        assert ask(model, "POST", path, content=b"{}", prepare=_fill).status_code == 503

    def test_unpacked_bodies_count(self, model: Model) -> None:
        """What a small body unpacks to takes room among the large ones."""
        bound = 1_000_000
        settings = Settings(
            max_upload_bytes=bound,
            max_batch_bytes=bound,
            max_evaluate_bytes=bound,
            max_bodies_bytes=bound,
        )
        document = json.dumps({"inputs": [TENSOR]}).encode() + b" " * 600_000
        packed = gzip.compress(document)

        def hold(resources: Resources) -> None:
            resources.body_memory.held = bound // 2

        answers = [
            ask(
                model,
                "POST",
                "/v2/models/digits/infer",
                content=packed,
                headers={"content-encoding": "gzip"},
                settings=settings,
                prepare=prepare,
            )
            for prepare in (None, hold)
        ]

        assert [answer.status_code for answer in answers] == [200, 503]

    @pytest.mark.parametrize("path", ["/health", "/health/ready", "/model", "/openapi.json"])
    def test_what_computes_nothing_needs_none(self, path: str, model: Model) -> None:
        """Health and the like answer whatever waits."""
        assert ask(model, "GET", path, prepare=_fill).status_code == 200

    def test_predictions_and_evaluations_have_their_own(self, model: Model) -> None:
        """An evaluation keeps no upload out, and uploads no evaluation."""
        upload = make_zip({"7/a.png": DIGIT})

        predicted = ask(model, "POST", "/predict", content=DIGIT, prepare=_fill_evaluations)
        evaluated = ask(model, "POST", "/evaluate", content=upload, prepare=_fill_predictions)

        assert (predicted.status_code, evaluated.status_code) == (200, 200)

    @pytest.mark.parametrize("path", ROUTES)
    @pytest.mark.parametrize(
        "content", [DIGIT, b"no image", b""], ids=["digit", "no image", "empty"]
    )
    def test_place_is_given_back(self, path: str, content: bytes, model: Model) -> None:
        """Whatever came of a request, its place is free again."""
        gates: list[Gate] = []

        def keep(resources: Resources) -> None:
            gates.extend(_gates(resources))

        ask(model, "POST", path, content=content, prepare=keep)

        assert [gate.num_taken for gate in gates] == [0, 0, 0]


def _fill_evaluations(resources: Resources) -> Place:
    return resources.evaluation_gate.enter(math.inf)


def _fill_predictions(resources: Resources) -> list[Place]:
    return [resources.gate.enter(math.inf) for _ in range(resources.gate.capacity)]


class TestDeadline:
    """Time that runs out."""

    @pytest.mark.parametrize(
        ("path", "content"),
        [
            ("/predict", DIGIT),
            ("/predict", PHOTO),
            ("/predict", LARGE_FILE),
            ("/predict?detail=true", DIGIT),
            ("/predict/batch", make_zip({"a.png": DIGIT})),
            ("/evaluate", make_zip({"7/a.png": DIGIT})),
            ("/explain", DIGIT),
            ("/explain?saliency=true", DIGIT),
        ],
        ids=[
            *("small", "large", "large file", "framework", "batch", "evaluation"),
            *("explanation", "saliency"),
        ],
    )
    def test_passed(
        self,
        path: str,
        content: bytes,
        engine: FakeEngine,
        model: Model,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Work whose time ran out is not begun, and its client may come again."""
        engine.failure = AssertionError("it was computed")
        hours = itertools.count(0, 3600)
        monkeypatch.setattr(admission, "time", SimpleNamespace(monotonic=lambda: next(hours)))

        answer = ask(model, "POST", path, content=content, headers={"x-request-timeout-ms": "1000"})

        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:problem-type:digitserve:deadline-passed"
        assert int(answer.headers["retry-after"]) >= 1

    @pytest.mark.parametrize(
        ("path", "document"),
        [
            ("/v1/models/digits:predict", {"instances": [ROWS]}),
            ("/v1/models/digits:predict", {"instances": [ROWS] * 3}),
            ("/v2/models/digits/infer", {"inputs": [TENSOR]}),
        ],
        ids=["TensorFlow Serving", "several", "Open Inference"],
    )
    def test_passed_below_other_protocols(
        self,
        path: str,
        document: dict[str, Any],
        engine: FakeEngine,
        model: Model,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """So it is below the paths of other protocols, in their own form."""
        engine.failure = AssertionError("it was computed")
        hours = itertools.count(0, 3600)
        monkeypatch.setattr(admission, "time", SimpleNamespace(monotonic=lambda: next(hours)))

        answer = ask(model, "POST", path, json=document, headers={"x-request-timeout-ms": "1000"})

        assert answer.status_code == 503
        assert "time ran out" in answer.json()["error"]
        assert int(answer.headers["retry-after"]) >= 1

    def test_passed_below_other_protocols_packed(
        self, model: Model, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing is unpacked of a body whose time has run out."""
        unpack = Mock()
        monkeypatch.setattr("service.protocols.bodies.expand", unpack)
        hours = itertools.count(0, 3600)
        monkeypatch.setattr(admission, "time", SimpleNamespace(monotonic=lambda: next(hours)))
        headers = {"x-request-timeout-ms": "1000", "content-encoding": "gzip"}

        answer = ask(
            model, "POST", "/v2/models/digits/infer", content=gzip.compress(b"{}"), headers=headers
        )

        assert answer.status_code == 503
        unpack.assert_not_called()

    def test_not_passed(self, model: Model) -> None:
        """Time enough is time enough."""
        answer = ask(
            model, "POST", "/predict", content=DIGIT, headers={"x-request-timeout-ms": "60000"}
        )

        assert answer.status_code == 200

    @pytest.mark.parametrize("path", ["/predict", "/predict?detail=true"])
    def test_no_time(self, path: str, model: Model) -> None:
        """A header that holds no time is refused."""
        answer = ask(model, "POST", path, content=DIGIT, headers={"x-request-timeout-ms": "soon"})

        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:problem-type:digitserve:invalid-timeout"


class TestReadTimeoutS:
    """`read_timeout_s`."""

    @pytest.mark.parametrize(
        ("headers", "max_ms", "timeout_s"),
        [
            ([], 10_000, 10),
            ([], 0, math.inf),
            ([(b"host", b"x"), (b"x-request-timeout-ms", b"500")], 10_000, 0.5),
            ([(b"x-request-timeout-ms", b"500")], 0, 0.5),
            ([(b"x-request-timeout-ms", b"999999999")], 10_000, 10),
        ],
        ids=["default", "no bound", "asked", "asked without bound", "asked too much"],
    )
    def test_time(self, headers: list[tuple[bytes, bytes]], max_ms: int, timeout_s: float) -> None:
        """The client's, and never more than the operator's."""
        assert read_timeout_s(headers, max_ms) == timeout_s

    @pytest.mark.parametrize(
        "value", [b"", b"0", b"000", b"-1", b"1.5", b"1e3", b"1000000000", b"\xb2", b"5 "]
    )
    def test_no_time(self, value: bytes) -> None:
        """What is no whole number of milliseconds is refused."""
        with pytest.raises(InvalidTimeoutError, match="no whole number of milliseconds"):
            read_timeout_s([(b"x-request-timeout-ms", value)], 10_000)
