"""Health of a service whose engine fails."""

import math

import pytest

from service.inference import pulse
from service.inference.recognition import Model
from service.resources import Resources
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, ask, drain, load_model


@pytest.fixture
def model() -> Model:
    """A model that works."""
    return load_model(FakeEngine())


@pytest.fixture
def broken(model: Model, monkeypatch: pytest.MonkeyPatch) -> Model:
    """A model whose last self-test that succeeded is too old."""
    monkeypatch.setattr(pulse, "MAX_AGE_S", -1.0)
    return model


class TestHealth:
    """`GET /health`."""

    def test_working(self, model: Model) -> None:
        """A working engine is ready, and named."""
        answer = ask(model, "GET", "/health")

        (served,) = answer.json()["models"]
        assert answer.json()["ready"] is True
        assert (served["name"], served["engine"], served["device"]) == ("digits", "fake", "cpu")

    def test_broken(self, broken: Model) -> None:
        """A failing engine is not ready; the answer is a whole one, not an error."""
        answer = ask(broken, "GET", "/health")

        assert answer.status_code == 200
        assert (answer.json()["alive"], answer.json()["ready"]) == (True, False)
        assert [served["name"] for served in answer.json()["models"]] == ["digits"]

    def test_age(self, model: Model) -> None:
        """The age is that of the last self-test: asking costs the engine nothing, and hangs with none."""
        model.self_test = _refuse  # type: ignore[method-assign]

        ages = [
            ask(model, "GET", "/health").json()["models"][0]["self_test_age_s"] for _ in range(2)
        ]

        assert 0 <= ages[0] < ages[1]


def _refuse() -> None:
    raise AssertionError


class TestHangingDecoder:
    """A thread that never ends its picture."""

    def test_not_ready(self, model: Model) -> None:
        """The service says so, since no client could tell it from one that is slow."""
        health = ask(model, "GET", "/health", prepare=_hang)
        ready = ask(model, "GET", "/health/ready", prepare=_hang)

        assert health.json()["ready"] is False
        assert ready.status_code == 503
        assert "A picture has been decoded for more than 30 s" in ready.json()["detail"]


def _hang(resources: Resources) -> None:
    """Let a thread be at its picture for ever."""
    resources.decoder_watch._began[0] = -math.inf


class TestProbes:
    """`GET /health/live` and `GET /health/ready`."""

    def test_working(self, model: Model) -> None:
        """A working service is live and ready."""
        assert ask(model, "GET", "/health/live").json() == {"status": "live"}
        assert ask(model, "GET", "/health/ready").json() == {"status": "ready"}

    def test_broken(self, broken: Model) -> None:
        """A failing engine is live but not ready: a 503 that names the model."""
        answer = ask(broken, "GET", "/health/ready")

        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:problem-type:digitserve:not-ready"
        assert answer.json()["detail"].startswith(
            "Has passed no self-test, a real inference, of late: digits."
        )
        assert ask(broken, "GET", "/health/live").status_code == 200

    def test_draining(self, model: Model) -> None:
        """A service that was told to stop is live but not ready, and still answers uploads."""
        ready = ask(model, "GET", "/health/ready", prepare=drain)
        health = ask(model, "GET", "/health", prepare=drain).json()
        answer = ask(model, "POST", "/predict", prepare=drain, content=encode(draw()))

        assert ready.status_code == 503
        assert ready.json()["detail"].startswith("The service was told to stop")
        assert (health["alive"], health["ready"]) == (True, False)
        assert answer.status_code == 200


class TestManifests:
    """`GET /model`."""

    @pytest.mark.parametrize("query", ["", "?model=digits"])
    def test_manifest(self, model: Model, query: str) -> None:
        """Every manifest, or the named one, is public."""
        (manifest,) = ask(model, "GET", f"/model{query}").json()

        assert manifest["name"] == "digits"
