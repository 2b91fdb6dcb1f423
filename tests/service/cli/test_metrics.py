"""Metrics of a service with workers that die."""

import os
import re
import signal
import subprocess
import time

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.service.cli.conftest import draw_seven
from tests.service.cli.processes import COMMAND, wait_for_workers

NUM_REQUESTS = 30  # on connections of their own, which two workers take in turn
Counters = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def _predict(url: str) -> None:
    """Upload a picture so many times."""
    for _ in range(NUM_REQUESTS):
        httpx.post(f"{url}/predict", content=draw_seven(), timeout=60).raise_for_status()


def _scrape(url: str) -> Counters:
    """Return every counter and every count of a histogram."""
    families = text_string_to_metric_families(httpx.get(f"{url}/metrics", timeout=60).text)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        if family.type in {"counter", "histogram"}
        for sample in family.samples
    }


def _scrape_once(url: str, num_predicted: int) -> Counters:
    """Scrape once so many predictions are counted, each of which is when its answer has left."""
    end = time.monotonic() + 30
    while _predicted(counters := _scrape(url)) < num_predicted:
        assert time.monotonic() < end
        time.sleep(0.05)
    return counters


def _predicted(counters: Counters) -> float:
    """Return how many predictions were made."""
    key = ("digitserve_requests_total", (("route", "/predict"), ("status", "200")))
    return counters[key]


@pytest.mark.integration
def test_counters_outlive_workers() -> None:
    """Whichever worker answers, it tells of all; one that is killed takes nothing with it."""
    command = [*COMMAND, "0", "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            [url] = re.findall(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            killed, _ = wait_for_workers(process.pid, 2)
            _predict(url)
            _scrape_once(url, NUM_REQUESTS)
            before = [_scrape(url) for _ in range(6)]
            os.kill(killed, signal.SIGKILL)
            wait_for_workers(process.pid, 2, without=killed)
            after = [_scrape(url) for _ in range(6)]
            _predict(url)
            last = _scrape_once(url, 2 * NUM_REQUESTS)
        finally:
            process.send_signal(signal.SIGTERM)

    assert {_predicted(counters) for counters in (*before, *after)} == {NUM_REQUESTS}
    assert _predicted(last) == 2 * NUM_REQUESTS
    for earlier, later in zip([*before, *after], [*before[1:], *after, last], strict=True):
        assert all(later[key] >= value for key, value in earlier.items())
