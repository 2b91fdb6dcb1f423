"""`GET /metrics`."""

import asyncio
import itertools

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.requests import Request

from service.app import find_templates
from service.errors import OverloadedError
from service.inference.models import Models
from service.inference.recognition import Model
from service.resources import Resources
from service.routes.metrics import metrics
from service.settings import Settings
from service.telemetry.metrics import collector
from service.telemetry.metrics import recorder as recording
from service.telemetry.metrics.layout import MAX_ROUTES
from service.telemetry.metrics.recorder import Recorder
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, ask, load_model

DIGIT = encode(draw())
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def _scrape_after(*paths: str, model: Model | None = None) -> Samples:
    """Post a digit to each path, then scrape."""
    model = model or load_model(FakeEngine())
    recorder = Recorder(routes=find_templates())
    for path in paths:
        ask(model, "POST", path, recorder=recorder, content=DIGIT)
    ask(model, "GET", "/metrics", recorder=recorder)
    text = ask(model, "GET", "/metrics", recorder=recorder).text
    families = text_string_to_metric_families(text)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for sample in itertools.chain.from_iterable(family.samples for family in families)
    }


def _value(samples: Samples, metric: str, /, **labels: str) -> float:
    """Return a sample of a name and labels; 0 where there is none."""
    labels = {key.rstrip("_"): value for key, value in labels.items()}
    return samples.get((f"digitserve_{metric}", frozenset(labels.items())), 0)


class TestMetrics:
    """`metrics`."""

    @pytest.mark.parametrize(
        "path", ["/predict", "/predict?detail=true"], ids=["fast", "framework"]
    )
    def test_prediction_is_counted(self, path: str) -> None:
        """A prediction is counted with its route, steps, batch, class and confidence, both ways."""
        samples = _scrape_after(path)

        assert _value(samples, "requests_total", route="/predict", status="200") == 1
        assert _value(samples, "request_duration_seconds_count", route="/predict") == 1
        assert _value(samples, "predictions_total", class_="7", status="ok") == 1
        assert _value(samples, "batch_size_count") == 1
        assert _value(samples, "confidence_bucket", le="0.999") == 0
        assert _value(samples, "confidence_bucket", le="1.0") == 1
        for step in ("decode", "preprocess", "queue", "model"):
            assert _value(samples, "step_duration_seconds_count", step=step) == 1
            assert 0 < _value(samples, "step_duration_seconds_sum", step=step) < 60

    def test_steps_of_tensors(self) -> None:
        """A request that brings a digit as numbers waits for the engine too, and is decoded by nobody."""
        recorder, model = Recorder(), load_model(FakeEngine())
        digit = [[0] * 28] * 28
        path = "/v1/models/digits:predict"

        answer = ask(model, "POST", path, recorder=recorder, json={"instances": [digit]})
        lines = ask(model, "GET", "/metrics", recorder=recorder).text.splitlines()

        assert answer.status_code == 200
        assert [
            f'digitserve_step_duration_seconds_count{{step="{step}"}} {count}' in lines
            for step, count in (("decode", 0.0), ("queue", 1.0), ("model", 1.0))
        ] == [True] * 3

    def test_unknown_paths_share_a_label(self) -> None:
        """However many paths there are none of, they make one label."""
        samples = _scrape_after("/a", "/b", "/predict/c")

        assert _value(samples, "requests_total", route="other", status="404") == 3
        routes = {dict(labels).get("route") for _, labels in samples}
        assert routes == {None, "other", "/metrics"}

    def test_batch_is_counted(self) -> None:
        """The digits of a batch are counted by class, those that fail are not."""
        samples = _scrape_after("/predict/batch")

        assert _value(samples, "requests_total", route="/predict/batch", status="200") == 1
        assert _value(samples, "predictions_total", class_="7", status="ok") == 1

    def test_shed_is_counted(self) -> None:
        """A request that is refused for load counts as shed; it has no model step."""
        model = load_model(FakeEngine())
        model.interpret = _refuse  # type: ignore[method-assign, assignment]

        samples = _scrape_after("/predict", model=model)

        assert _value(samples, "shed_total") == 1
        assert _value(samples, "requests_total", route="/predict", status="503") == 1

    def test_failed_steps_are_left_out(self) -> None:
        """A request whose engine failed counts the steps before, and those alone."""
        engine = FakeEngine()
        broken = load_model(engine)
        engine.failure = RuntimeError("broken")

        samples = _scrape_after("/predict", model=broken)

        assert _value(samples, "requests_total", route="/predict", status="500") == 1
        assert _value(samples, "step_duration_seconds_count", step="preprocess") == 1
        assert _value(samples, "step_duration_seconds_count", step="model") == 0

    def test_tells_of_model_and_worker(self) -> None:
        """The model served, the worker's memory and what is in work are told."""
        samples = _scrape_after()

        assert (
            _value(samples, "model_info", name="digits", version="1", engine="fake", device="cpu")
            == 1
        )
        assert _value(samples, "resident_memory_bytes", worker="0") > 1e7
        assert _value(samples, "requests_in_flight") == 1
        assert _value(samples, "worker_starts_total") == 1

    def test_drift(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Answers that are all alike drift in their class, as soon as there are enough."""
        monkeypatch.setattr(collector, "MIN_WEIGHT", 1.5)
        monkeypatch.setattr(recording, "SAMPLE_S", 0.0)

        samples = _scrape_after("/predict", "/predict", "/predict")

        assert 2.9 < _value(samples, "drift_weight") < 3
        assert _value(samples, "drift_mean", feature="confidence", of="recent") == 1
        assert 0.1 < _value(samples, "drift_mean", feature="ink_density", of="reference") < 0.2
        assert _value(samples, "drift_stability_index", feature="ink_density") > 0.25

    def test_reference_is_measured_once(self) -> None:
        """The model computes its reference for the first scrape of a process alone."""
        model = load_model(FakeEngine())
        resources = Resources(Settings(), Models({"digits": model}, "digits"))
        request = Request({"type": "http", "headers": []})

        asyncio.run(metrics(request, resources))
        model.engine.failure = RuntimeError("asked again")  # type: ignore[attr-defined]  # a FakeEngine
        asyncio.run(metrics(request, resources))

        assert list(resources.references) == [model]

    def test_drift_is_sampled(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Digits that come at once do not each pay for the measure of their drift."""
        monkeypatch.setattr(recording, "SAMPLE_S", 3600.0)

        samples = _scrape_after("/predict", "/predict", "/predict")

        assert _value(samples, "drift_weight") == 1
        assert _value(samples, "drift_stability_index", feature="class") == 0


class TestFindTemplates:
    """`find_templates`."""

    def test_every_route_has_a_place(self) -> None:
        """There are fewer routes than rows have places for."""
        templates = find_templates()

        assert {"/", "/predict", "/metrics", "/health/ready"} <= templates
        assert len(templates) < MAX_ROUTES


def _refuse(*_: object) -> None:
    """Refuse for load."""
    raise OverloadedError("full", retry_after_s=1)


@pytest.mark.parametrize("version", ['"0.0.4"', "abc", "0.0.4", "1.0.0", ""])
def test_any_version_is_answered(version: str) -> None:
    """An Accept header with a version that cannot be read is no failure of ours."""
    accepted = f"text/plain; version={version}"

    answer = ask(load_model(FakeEngine()), "GET", "/metrics", headers={"accept": accepted})

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")


def test_path_of_tensorflow_serving() -> None:
    """Prometheus finds the metrics where TensorFlow Serving has them, too."""
    model = load_model(FakeEngine())

    answers = [ask(model, "GET", path) for path in ("/metrics", "/monitoring/prometheus/metrics")]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert len({answer.headers["content-type"] for answer in answers}) == 1
    assert all("digitserve_requests_total" in answer.text for answer in answers)
