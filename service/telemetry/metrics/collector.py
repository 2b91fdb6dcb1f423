"""The collector: the block of all workers, a model and its reference to the text of Prometheus.

block -> sum over rows -> families of metrics -> prometheus_client's encoder -> text
"""

import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from prometheus_client import exposition
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from service.telemetry.metrics.drift import MIN_WEIGHT, Distribution, Values, stability_index
from service.telemetry.metrics.layout import (
    ANSWERS,
    BATCH_SIZES,
    CHANGES,
    CONFIDENCES,
    CONNECTION_ENDS,
    DURATIONS,
    ENDS,
    FEATURES,
    IN_FLIGHT,
    LOG_LINES_LOST,
    LOSSES,
    MEAN_FEATURES,
    NUM_CLASSES,
    NUM_STATUSES,
    PROCESS_ID,
    SHED,
    SPANS_LOST,
    STARTS,
    STATUSES,
    STEP_DURATIONS,
    STEPS,
    VERSION_CHANGES,
    Histogram,
    prediction_cell,
    request_cell,
)
from service.telemetry.metrics.recorder import OTHER, Recorder

PROC = Path("/proc")
STATUS_LABELS = (*map(str, STATUSES), "other")


class ServiceCollector(Collector):
    """Collects the metrics of all workers at the moment of a scrape.

    Args:
        recorder: Of the worker that is asked.
        models: Labels of each model: name, version, engine and device.
        reference: How the default model's validation digits and their answers are spread; None: it is not
            known, and no drift is told.
    """

    def __init__(
        self, recorder: Recorder, models: Iterable[dict[str, str]], reference: Distribution | None
    ) -> None:
        self._recorder = recorder
        self._models = models
        self._reference = reference

    def collect(self) -> Iterator[Metric]:
        """Yield every family of metrics."""
        rows = self._recorder.block.rows.copy()
        total = rows.sum(axis=0)
        yield from self._collect_requests(total)
        yield from _collect_answers(total)
        yield from _collect_workers(rows, total)
        yield self._describe_models()
        yield _count_changes(total)
        yield from _count_losses(total)
        if self._reference is not None:
            yield from _collect_drift(Distribution.of_cells(total), self._reference)

    def _collect_requests(self, total: Values) -> Iterator[Metric]:
        """Give how many requests each route answered with which status, and how long they took."""
        requests = CounterMetricFamily(
            "digitserve_requests", "Requests answered.", labels=("route", "status")
        )
        durations = HistogramMetricFamily(
            "digitserve_request_duration_seconds",
            "From the coming of a request to the end of its answer.",
            labels=("route",),
        )
        for number, route in (*enumerate(self._recorder.routes), (OTHER, "other")):
            first = request_cell(number, STATUSES[0])
            counts = total[first : first + NUM_STATUSES]
            for status, count in zip(STATUS_LABELS, counts, strict=True):
                if count:
                    requests.add_metric((route, status), count)
            if counts.any():
                _add_histogram(durations, (route,), total, DURATIONS[number])
        yield requests
        yield durations
        yield CounterMetricFamily(
            "digitserve_shed", "Requests refused with 503 and Retry-After.", total[SHED]
        )

    def _describe_models(self) -> Metric:
        """Say which models are served."""
        info = GaugeMetricFamily(
            "digitserve_model_info",
            "1 for each model served.",
            labels=("name", "version", "engine", "device"),
        )
        for model in self._models:
            info.add_metric([model[label] for label in ("name", "version", "engine", "device")], 1)
        return info


def expose(collector: Collector, accepted: str) -> tuple[bytes, str]:
    """Write metrics as text.

    Args:
        collector: What to write.
        accepted: The request's Accept header: OpenMetrics for who asks for it.

    Returns:
        The text and its content type.
    """
    try:
        encode, content_type = exposition.choose_encoder(accepted)
    except (TypeError, ValueError):  # of a version that it cannot read
        encode, content_type = exposition.choose_encoder("")
    return encode(collector), content_type


def _collect_answers(total: Values) -> Iterator[Metric]:
    """Count predictions, and time the steps that lead to them."""
    predictions = CounterMetricFamily(
        "digitserve_predictions", "Digits recognised.", labels=("class", "status")
    )
    for digit, answer in itertools.product(range(NUM_CLASSES), ANSWERS):
        predictions.add_metric((str(digit), answer), total[prediction_cell(digit, answer)])
    yield predictions
    steps = HistogramMetricFamily(
        "digitserve_step_duration_seconds", "Steps of /predict.", labels=("step",)
    )
    for step, cells in zip(STEPS, STEP_DURATIONS, strict=True):
        _add_histogram(steps, (step,), total, cells)
    yield steps
    for name, help_text, cells in (
        ("digitserve_batch_size", "Digits of /predict in one call of the engine.", BATCH_SIZES),
        ("digitserve_confidence", "Probability of the class answered.", CONFIDENCES),
    ):
        family = HistogramMetricFamily(name, help_text, labels=())
        _add_histogram(family, (), total, cells)
        yield family


def _count_changes(total: Values) -> Metric:
    """Count changes of version by what became of them."""
    changes = CounterMetricFamily(
        "digitserve_version_changes", "Changes of version asked for.", labels=("outcome",)
    )
    for outcome, count in zip(CHANGES, total[VERSION_CHANGES:SPANS_LOST], strict=True):
        changes.add_metric((outcome,), count)
    return changes


def _count_losses(total: Values) -> Iterator[Metric]:
    """Count connections that were ended, and spans and lines of the log that were lost, by the reason."""
    for name, help_text, reasons, first in (
        ("digitserve_connections_ended", "Ended for their client's fault.", ENDS, CONNECTION_ENDS),
        ("digitserve_spans_lost", "That never reached the collector.", LOSSES, SPANS_LOST),
    ):
        family = CounterMetricFamily(name, help_text, labels=("reason",))
        for number, reason in enumerate(reasons):
            family.add_metric((reason,), total[first + number])
        yield family
    yield CounterMetricFamily(
        "digitserve_log_lines_lost",
        "Lines that standard error did not take.",
        total[LOG_LINES_LOST],
    )


def _collect_workers(rows: Values, total: Values) -> Iterator[Metric]:
    """Tell of the workers that live."""
    resident = GaugeMetricFamily(
        "digitserve_resident_memory_bytes", "Resident memory of a worker.", labels=("worker",)
    )
    in_flight = 0.0
    for number, row in enumerate(rows):
        resident_bytes = _read_resident_bytes(int(row[PROCESS_ID]))
        if resident_bytes is not None:
            in_flight += row[IN_FLIGHT]
            resident.add_metric((str(number),), resident_bytes)
    yield resident
    yield GaugeMetricFamily("digitserve_requests_in_flight", "Requests in work.", in_flight)
    yield CounterMetricFamily(
        "digitserve_worker_starts", "Workers started, the first ones too.", total[STARTS]
    )


def _collect_drift(recent: Distribution, reference: Distribution) -> Iterator[Metric]:
    """Compare recent digits and answers with the reference."""
    yield GaugeMetricFamily(
        "digitserve_drift_weight", "Recent answers behind the drift gauges.", recent.weight
    )
    means = GaugeMetricFamily(
        "digitserve_drift_mean", "Mean of a feature.", labels=("feature", "of")
    )
    index = GaugeMetricFamily(
        "digitserve_drift_stability_index",
        "Population stability index of recent answers against the reference.",
        labels=("feature",),
    )
    for name, distribution in (("reference", reference), ("recent", recent)):
        if distribution.weight:
            for feature, mean in zip(MEAN_FEATURES, distribution.means, strict=True):
                means.add_metric((feature, name), mean)
    if recent.weight >= MIN_WEIGHT:
        for feature, value in zip(FEATURES, stability_index(recent, reference), strict=True):
            index.add_metric((feature,), value)
    yield means
    yield index


def _add_histogram(
    family: HistogramMetricFamily, labels: tuple[str, ...], total: Values, cells: Histogram
) -> None:
    """Add a histogram's cells to a family, summed up from the smallest bound as Prometheus wants them."""
    counts = np.cumsum(total[cells.start : cells.end - 1])
    bounds = (*map(str, cells.bounds), "+Inf")
    family.add_metric(labels, list(zip(bounds, counts, strict=True)), total[cells.end - 1])


def _read_resident_bytes(process_id: int) -> int | None:
    """Return the resident memory of a process in bytes; None if there is none, or it cannot be told.

    Source: proc(5), "/proc/pid/statm": the second number is in pages.
    """
    try:
        pages = int((PROC / str(process_id) / "statm").read_text().split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
