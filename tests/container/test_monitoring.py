"""Prometheus beside replicas: it sees each of them, and every question of the dashboard has an answer."""

import json
import os
from collections.abc import Generator
from typing import Any

import httpx
import pytest

from tests.container.engine import ROOT, default_of, docker, find_url, wait_until

FOLDER = ROOT / "docker/monitoring"
DASHBOARD = json.loads((FOLDER / "grafana/dashboards/digitserve.json").read_text())
FILES = [
    option
    for name in ("compose", "compose.scale", "compose.monitoring")
    for option in ("--file", f"docker/{name}.yaml")
]
PROJECT = ("--project-name", f"digitserve-monitoring-{os.getpid()}")
PROMETHEUS = f"prom/prometheus:{default_of('DIGITSERVE_PROMETHEUS_TAG')}"
SEVEN = (ROOT / "docs/images/seven.png").read_bytes()
NUM_PREDICTIONS = 40
QUESTIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]
# Drift is told after 200 answers.
SILENT = ("stability_index",)


def promtool(*arguments: str) -> str:
    """Run Prometheus's own tool on the folder of its configuration; it must succeed."""
    return docker(
        *("run", "--rm", "--network", "none", "--volume", f"{FOLDER}:/monitoring:ro"),
        *("--workdir", "/monitoring", "--entrypoint", "promtool", PROMETHEUS, *arguments),
    )


@pytest.mark.usefixtures("_engine")
class TestFiles:
    """The configuration, by Prometheus's own tool."""

    def test_configuration(self) -> None:
        """Prometheus takes its configuration and the rules."""
        assert "SUCCESS" in promtool("check", "config", "prometheus.yml")

    def test_alerts(self) -> None:
        """Every alert is raised when it should be, and not when it should not."""
        assert "SUCCESS" in promtool("test", "rules", "alerts_test.yml")

    def test_every_alert_has_a_test(self) -> None:
        """No alert goes untested or undescribed."""
        rules = (FOLDER / "alerts.yml").read_text()
        alerts = [line.split()[-1] for line in rules.splitlines() if "- alert:" in line]
        tests = (FOLDER / "alerts_test.yml").read_text()
        operations = (ROOT / "docs/operations.md").read_text()

        assert alerts
        assert [alert for alert in alerts if f"alertname: {alert}" not in tests] == []
        assert [alert for alert in alerts if f"`{alert}`" not in operations] == []


class TestDashboard:
    """The dashboard, read and not shown."""

    def test_panels(self) -> None:
        """Every panel has a number of its own, a title, and asks Prometheus something."""
        panels = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]

        assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
        assert all(panel["title"] and panel["targets"] for panel in panels)
        assert all(panel["datasource"]["uid"] == "prometheus" for panel in panels)

    def test_panels_do_not_overlap(self) -> None:
        """No place of the grid is taken twice."""
        places = [
            (x, y)
            for panel in DASHBOARD["panels"]
            for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
            for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
        ]

        assert len(places) == len(set(places))


def compose(*arguments: str) -> str:
    """Run compose on the files of this module."""
    return docker("compose", *PROJECT, *FILES, *arguments)


@pytest.fixture(scope="module")
def prometheus(image: str) -> Generator[httpx.Client]:
    """Prometheus beside two replicas that have answered something."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DIGITSERVE_PORT", "DIGITSERVE_PROMETHEUS_PORT"):
            patch.setenv(name, "0")
        patch.setenv("DIGITSERVE_WORKERS", "1")
        try:
            compose("up", "--no-build", "--detach", "--wait", "service", "proxy", "prometheus")
            proxy = find_url(compose("ps", "--quiet", "proxy").strip())
            for _ in range(NUM_PREDICTIONS):
                httpx.post(f"{proxy}/predict", content=SEVEN).raise_for_status()
            container = compose("ps", "--quiet", "prometheus").strip()
            with httpx.Client(base_url=find_url(container, 9090)) as client:
                yield client
        finally:
            compose("--profile", "*", "down", "--volumes", "--remove-orphans")


def ask(prometheus: httpx.Client, question: str) -> list[Any]:
    """Return what a question in Prometheus's language is answered with."""
    answer = prometheus.get("/api/v1/query", params={"query": question}).json()
    assert answer["status"] == "success", answer
    result: list[Any] = answer["data"]["result"]
    return result


class TestScrape:
    """What Prometheus sees."""

    def test_every_replica_is_up(self, prometheus: httpx.Client) -> None:
        """Both replicas are found and scraped."""
        wait_until(lambda: len(ask(prometheus, 'up{job="digitserve"} == 1')) == 2)

    def test_proxy_is_up(self, prometheus: httpx.Client) -> None:
        """HAProxy is scraped too, and has sent on every prediction."""
        question = f'haproxy_backend_http_responses_total{{proxy="replicas",code="2xx"}} >= {NUM_PREDICTIONS}'

        wait_until(lambda: len(ask(prometheus, question)) == 1)

    def test_predictions_add_up(self, prometheus: httpx.Client) -> None:
        """The predictions of all replicas are those that were asked for."""
        question = f'sum(digitserve_predictions_total{{class="7"}}) == {NUM_PREDICTIONS}'

        wait_until(lambda: len(ask(prometheus, question)) == 1)

    @pytest.mark.parametrize("question", QUESTIONS)
    def test_dashboard_has_answers(self, prometheus: httpx.Client, question: str) -> None:
        """Every question of the dashboard is understood, and those that always have one get an answer."""
        question = question.replace("$__rate_interval", "5m")

        if any(silent in question for silent in SILENT):
            ask(prometheus, question)
        else:
            wait_until(lambda: bool(ask(prometheus, question)))

    def test_alerts_are_loaded(self, prometheus: httpx.Client) -> None:
        """The alert rules are at work, and none is raised."""
        groups = prometheus.get("/api/v1/rules").json()["data"]["groups"]
        rules = [rule for group in groups for rule in group["rules"]]

        assert {rule["health"] for rule in rules} <= {"ok", "unknown"}
        assert [rule["name"] for rule in rules if rule["state"] == "firing"] == []


def state_of(prometheus: httpx.Client, alert: str) -> str:
    """Return whether an alert is `inactive`, `pending` or `firing`."""
    groups = prometheus.get("/api/v1/rules").json()["data"]["groups"]
    (state,) = (
        rule["state"] for group in groups for rule in group["rules"] if rule["name"] == alert
    )
    return str(state)


class TestStopped:
    """Replicas that were stopped, which the engine's DNS names no more. It comes last: they stay so."""

    def test_is_missed(self, prometheus: httpx.Client) -> None:
        """One that is stopped is missed, and when all are, none is left."""
        known = 'count_over_time(count(up{job="digitserve"} == 1)[1h:]) > 5'
        wait_until(lambda: bool(ask(prometheus, known)))
        one, *others = compose("ps", "--quiet", "service").split()

        docker("stop", one)
        wait_until(lambda: state_of(prometheus, "DigitserveReplicaMissing") == "pending")
        before = state_of(prometheus, "DigitserveNoReplica")
        docker("stop", *others)
        wait_until(lambda: state_of(prometheus, "DigitserveNoReplica") == "pending")

        assert before == "inactive"
