"""Health of a service whose engine fails."""

import logging

import numpy as np
import pytest

from service.recognition import Model
from service.routes import health
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, ask, drain, load_model


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """An engine whose self-test is repeated at every question."""
    monkeypatch.setattr(health, "MAX_SELF_TEST_AGE_S", -1.0)
    return FakeEngine()


@pytest.fixture
def model(engine: FakeEngine) -> Model:
    """A model that works, for now."""
    return load_model(engine)


@pytest.fixture(params=["raises", "nan"])
def broken(request: pytest.FixtureRequest, engine: FakeEngine, model: Model) -> Model:
    """A model whose engine has come to raise, or to answer NaN."""
    if request.param == "raises":
        engine.failure = RuntimeError("the device is gone")
    else:
        engine.probabilities = np.full(10, np.nan, np.float32)
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

    def test_age_grows_while_broken(self, broken: Model) -> None:
        """A failed self-test does not count as one: the age stays that of the last success."""
        ages = [
            ask(broken, "GET", "/health").json()["models"][0]["self_test_age_s"] for _ in range(2)
        ]

        assert 0 < ages[0] < ages[1]

    def test_recovers(self, engine: FakeEngine, model: Model) -> None:
        """An engine that works again is ready again."""
        engine.failure = RuntimeError("for a moment")
        ask(model, "GET", "/health")
        engine.failure = None

        assert ask(model, "GET", "/health").json()["ready"] is True

    def test_recent_self_test_is_not_repeated(
        self, broken: Model, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Within its age a successful self-test stands: probes cost the engine nothing."""
        monkeypatch.setattr(health, "MAX_SELF_TEST_AGE_S", 60.0)

        assert ask(broken, "GET", "/health").json()["ready"] is True


class TestProbes:
    """`GET /health/live` and `GET /health/ready`."""

    def test_working(self, model: Model) -> None:
        """A working service is live and ready."""
        assert ask(model, "GET", "/health/live").json() == {"status": "live"}
        assert ask(model, "GET", "/health/ready").json() == {"status": "ready"}

    def test_broken(self, broken: Model, caplog: pytest.LogCaptureFixture) -> None:
        """A failing engine is live but not ready: a 503 that names the model; the log has the cause."""
        with caplog.at_level(logging.ERROR, logger="digitserve"):
            answer = ask(broken, "GET", "/health/ready")

        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:problem-type:digitserve:not-ready"
        assert answer.json()["detail"].startswith("Failed its self-test, a real inference: digits.")
        assert "device is gone" not in answer.text
        assert [record.exc_info is not None for record in caplog.records] == [True]
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
