"""The routes of the Open Inference Protocol."""

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from service import __version__
from service.inference.models import Models
from service.inference.recognition import Model
from service.protocols.open_inference.metadata import list_repository, write_statistics
from service.settings import Settings
from service.telemetry.inference_statistics import Counts, Part
from service.versions.board import Board
from service.versions.changes import Versions
from service.versions.notice import Notice, Served, Version
from tests.bundles import copy_bundle
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, ask, drain, load_model
from tests.service.versions.workers import QuickExaminer, make_versions

REPOSITORY = "/v2/repository/models"
INFER = "/v2/models/digits/infer"
SEVEN = encode(draw())
RAW = {"inference-header-content-length": "0"}
DIGIT = {"name": "images", "datatype": "UINT8", "shape": [1, 28, 28], "data": [0] * 784}


@pytest.fixture(scope="module")
def model() -> Model:
    """A model that takes every digit for a 7."""
    return load_model(FakeEngine())


@pytest.fixture(autouse=True)
def _pulse(model: Model) -> None:
    """Test the model of late, as a running service does every other second."""
    model.self_test()


@pytest.fixture
def versions(tmp_path: Path, model: Model) -> Versions:
    """Versions of a service without workers, which serves digits/1 and has digits/2 on disk."""
    copy_bundle(tmp_path / "models", version="2")
    (tmp_path / "board").mkdir()
    board = Board(tmp_path / "board")
    board.post(Notice(served={"digits": Served(active=Version.of(model.bundle))}))
    return make_versions(board, tmp_path / "models", QuickExaminer("litert"))


def infer(model: Model, path: str = INFER, **members: Any) -> httpx.Response:
    """Send one digit."""
    return ask(model, "POST", path, json={"inputs": [DIGIT], **members})


class TestMetadata:
    """What the server says of itself."""

    @pytest.mark.parametrize("path", ["/v2", "/v2/"])
    def test_server(self, model: Model, path: str) -> None:
        """Its name, version and extensions."""
        answer = ask(model, "GET", path).json()

        assert (answer["name"], answer["version"]) == ("digitserve", __version__)
        assert {"binary_tensor_data", "classification"} <= set(answer["extensions"])

    def test_models(self, model: Model) -> None:
        """The names of the models."""
        assert ask(model, "GET", "/v2/models").json() == {"models": ["digits"]}

    @pytest.mark.parametrize("path", ["/v2/models/digits", "/v2/models/digits/versions/1"])
    def test_model(self, model: Model, path: str) -> None:
        """A model's inputs and outputs, by the protocol's names of types."""
        answer = ask(model, "GET", path).json()

        assert (answer["name"], answer["versions"]) == ("digits", ["1"])
        assert answer["inputs"] == [
            {"name": "images", "datatype": "UINT8", "shape": [-1, 28, 28]},
            {"name": "image", "datatype": "BYTES", "shape": [-1]},
        ]
        assert [output["name"] for output in answer["outputs"]] == [
            "probabilities",
            "class",
            "status",
        ]

    def test_config(self, model: Model) -> None:
        """Triton's configuration tells the largest batch."""
        answer = ask(model, "GET", "/v2/models/digits/config").json()

        assert answer["max_batch_size"] == Settings().max_batch_images
        assert answer["input"][0]["data_type"] == "TYPE_UINT8"
        assert answer["version_policy"] == {"specific": {"versions": [1]}}

    @pytest.mark.parametrize(
        "path",
        ["/v2/models/stats", "/v2/models/digits/stats", "/v2/models/digits/versions/1/stats"],
    )
    def test_statistics(self, model: Model, path: str) -> None:
        """Triton's statistics have an entry for each version asked for, of zeros before any request."""
        (entry,) = ask(model, "GET", path).json()["model_stats"]

        assert (entry["name"], entry["version"], entry["inference_count"]) == ("digits", "1", 0)
        assert set(entry["inference_stats"]) == {
            *("success", "fail", "queue", "compute_input", "compute_infer", "compute_output"),
            *("cache_hit", "cache_miss"),
        }
        assert all(it == {"count": 0, "ns": 0} for it in entry["inference_stats"].values())
        assert (entry["execution_count"], entry["batch_stats"]) == (0, [])

    def test_statistics_of_batches(self, model: Model) -> None:
        """Every call of the engine is an execution; batches come by their size, smallest first."""
        counts = Counts()
        counts.add_parts([Part(0.0, 0.002, 0.003, 16), Part(0.0, 0.0, 0.001, 4)])

        entry = write_statistics(model, counts)

        assert entry["execution_count"] == 2
        assert [each["batch_size"] for each in entry["batch_stats"]] == [4, 16]
        assert entry["batch_stats"][1]["compute_infer"] == {"count": 1, "ns": 3_000_000}
        assert entry["inference_stats"]["compute_input"] == {"count": 1, "ns": 2_000_000}

    @pytest.mark.parametrize("rest", ["", "/ready", "/config", "/stats", "/infer"])
    @pytest.mark.parametrize("path", ["/v2/models/half", "/v2/models/digits/versions/7"])
    def test_unknown(self, model: Model, path: str, rest: str) -> None:
        """A model or version that is not served is 404, in the protocol's form."""
        method = "POST" if rest == "/infer" else "GET"

        answer = ask(model, method, path + rest, json={"inputs": [DIGIT]})

        assert answer.status_code == 404
        assert set(answer.json()) == {"error"}


class TestHealth:
    """Probes."""

    def test_ready(self, model: Model) -> None:
        """Bodies are those that KServe's client reads."""
        assert ask(model, "GET", "/v2/health/live").json() == {"live": True}
        assert ask(model, "GET", "/v2/health/ready").json() == {"ready": True, "live": True}
        answer = ask(model, "GET", "/v2/models/digits/ready").json()
        assert answer == {"name": "digits", "ready": True}

    @pytest.mark.parametrize("path", ["/v2/health/ready", "/v2/models/digits/ready"])
    def test_draining(self, model: Model, path: str) -> None:
        """A service that was told to stop is not ready."""
        answer = ask(model, "GET", path, prepare=drain)

        assert (answer.status_code, answer.json()["ready"]) == (503, False)


class TestRepository:
    """Triton's repository index."""

    @pytest.mark.parametrize("content", [b"", b"{}", b'{"ready": true}'])
    def test_index(self, model: Model, content: bytes) -> None:
        """Every version that is loaded is ready."""
        answer = ask(model, "POST", "/v2/repository/index", content=content)

        expected = {"name": "digits", "version": "1", "state": "READY", "reason": ""}
        assert answer.json() == [expected]

    @pytest.mark.parametrize("is_packed", [False, True])
    def test_large_document(self, model: Model, *, is_packed: bool) -> None:
        """A request that brings no images needs no place, and so has no room for a large body, packed or not."""
        content = b" " * 100_000
        headers = {"content-encoding": "gzip"} if is_packed else {}

        answer = ask(
            model,
            "POST",
            "/v2/repository/index",
            content=gzip.compress(content) if is_packed else content,
            headers=headers,
        )

        assert answer.status_code == 413
        assert "more than 64 KiB" in answer.json()["error"]

    def test_refused_versions(self, model: Model) -> None:
        """A version that was refused is listed with the reason, except among those that are ready."""
        models = Models({"digits": model}, "digits", refused={"digits": {"2": "It is damaged."}})

        index = list_repository(models, only_ready=False)

        assert index[1:] == [
            {"name": "digits", "version": "2", "state": "UNAVAILABLE", "reason": "It is damaged."}
        ]
        assert list_repository(models, only_ready=True) == index[:1]


class TestLoading:
    """Triton's load and unload, which change the version that answers."""

    def test_load_and_unload(self, model: Model, versions: Versions) -> None:
        """To load has the newest version on disk answer, to unload the one before."""
        answers = [
            ask(model, "POST", f"{REPOSITORY}/digits/{verb}", versions=versions)
            for verb in ("unload", "load", "unload")
        ]

        assert [answer.status_code for answer in answers] == [409, 200, 200]
        assert answers[1].json() == {"name": "digits", "load": True}
        assert answers[2].json() == {"name": "digits", "unload": True}
        assert "error" in answers[0].json()

    def test_overrides(self, model: Model, versions: Versions) -> None:
        """A model is loaded as it lies on disk: a configuration in the request is refused."""
        content = b'{"parameters": {"config": "{}"}}'

        answer = ask(model, "POST", f"{REPOSITORY}/digits/load", versions=versions, content=content)

        assert (answer.status_code, set(answer.json())) == (400, {"error"})

    @pytest.mark.parametrize("verb", ["load", "unload"])
    def test_refused(self, model: Model, versions: Versions, verb: str) -> None:
        """An unknown model is 404; where an admin key is set, only who shows it is let in."""
        settings = Settings.model_validate({"admin_keys": "secret"})

        unknown = ask(model, "POST", f"{REPOSITORY}/half/{verb}", versions=versions)
        closed = ask(
            model, "POST", f"{REPOSITORY}/digits/{verb}", versions=versions, settings=settings
        )

        assert (unknown.status_code, set(unknown.json())) == (404, {"error"})
        assert (closed.status_code, set(closed.json())) == (401, {"error"})


class TestInfer:
    """`POST /v2/models/digits/infer`."""

    @pytest.mark.parametrize("path", [INFER, "/v2/models/digits/versions/1/infer"])
    def test_json(self, model: Model, path: str) -> None:
        """All outputs come, and the id comes back."""
        answer = infer(model, path, id="mine").json()

        assert (answer["model_name"], answer["model_version"]) == ("digits", "1")
        assert answer["id"] == "mine"
        assert answer["outputs"] == [
            {
                "name": "probabilities",
                "datatype": "FP32",
                "shape": [1, 10],
                "data": np.eye(10)[7].tolist(),
            },
            {"name": "class", "datatype": "INT64", "shape": [1], "data": [7]},
            {"name": "status", "datatype": "BYTES", "shape": [1], "data": ["ok"]},
        ]

    def test_id_of_ours(self, model: Model) -> None:
        """A request without an id is answered with the one that the log has."""
        answer = infer(model)

        assert answer.json()["id"] == answer.headers["x-request-id"]

    def test_binary(self, model: Model) -> None:
        """Tensors lie behind the JSON, little-endian, in order."""
        answer = ask(model, "POST", INFER, content=SEVEN, headers=RAW)

        length = int(answer.headers["inference-header-content-length"])
        sizes = [
            output["parameters"]["binary_data_size"]
            for output in json.loads(answer.content[:length])["outputs"]
        ]
        tail = answer.content[length:]
        assert answer.headers["content-type"] == "application/octet-stream"
        assert sizes == [40, 8, 6]
        assert np.frombuffer(tail[:40], "<f4").tolist() == np.eye(10)[7].tolist()
        assert tail[40:] == b"\x07" + bytes(7) + b"\x02\0\0\0ok"

    def test_classification(self, model: Model) -> None:
        """The most probable classes come as texts, equal ones in order, never more than there are."""
        wish = {"name": "probabilities", "parameters": {"classification": 2}}
        everything = {"name": "probabilities", "parameters": {"classification": 99}}

        answer = infer(model, outputs=[wish, everything]).json()

        assert answer["outputs"][0]["data"] == ["1.000000:7:7", "0.000000:0:0"]
        assert answer["outputs"][0]["shape"] == [1, 2]
        assert answer["outputs"][1]["shape"] == [1, 10]

    @pytest.mark.parametrize(
        ("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
    )
    def test_compressed_both_ways(self, model: Model, encoding: str, compress: Any) -> None:
        """A compressed request is understood, and a long answer compressed as the client likes it."""
        tensor = {**DIGIT, "shape": [9, 28, 28], "data": [0] * 784 * 9}
        headers = {"content-encoding": encoding, "accept-encoding": encoding}
        content = compress(json.dumps({"inputs": [tensor]}).encode())

        answer = ask(model, "POST", INFER, content=content, headers=headers)

        assert answer.headers["content-encoding"] == encoding
        assert answer.json()["outputs"][1]["data"] == [7] * 9

    @pytest.mark.parametrize("accepted", ["br", "gzip;q=0, deflate; q=0.0", ""])
    def test_uncompressed(self, model: Model, accepted: str) -> None:
        """A client that cannot read a coding does not get it."""
        tensor = {**DIGIT, "shape": [9, 28, 28], "data": [0] * 784 * 9}
        headers = {"accept-encoding": accepted}

        answer = ask(model, "POST", INFER, json={"inputs": [tensor]}, headers=headers)

        assert "content-encoding" not in answer.headers

    @pytest.mark.parametrize(
        ("content", "headers", "status"),
        [
            (b"", {}, 400),
            (b"[]", {}, 400),
            (b"no picture", RAW, 400),
            (b"", RAW, 400),
            (encode(draw(ink=255)), RAW, 400),
            (b"x", {"content-encoding": "br"}, 400),
            (bytes(2000), {}, 413),
            (gzip.compress(bytes(2000)), {"content-encoding": "gzip"}, 413),
        ],
    )
    def test_refused(
        self, model: Model, content: bytes, headers: dict[str, str], status: int
    ) -> None:
        """What cannot be used is refused in the protocol's form."""
        settings = Settings(max_batch_bytes=1500)

        answer = ask(model, "POST", INFER, content=content, headers=headers, settings=settings)

        assert answer.status_code == status
        assert set(answer.json()) == {"error"}
