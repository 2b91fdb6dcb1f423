"""The tables of docs/scale.md: each is written between two marks of its name, and the words around stay.

docs/scale/*.json, docs/benchmarks/performance.json -> tables -> scale.md
"""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from pydantic import TypeAdapter

from benchmarks.budget import Budget
from benchmarks.catalogue import ROOT
from benchmarks.errors import BenchmarkError
from benchmarks.simulation import comparisons, paper
from benchmarks.simulation.figure import draw_crowd
from benchmarks.simulation.paper import Assumptions
from benchmarks.simulation.parameters import Parameters, read_parameters
from benchmarks.simulation.scenarios import (
    BASE,
    CROWD,
    CROWD_AT_S,
    GOAL_S,
    Result,
    read_scenarios,
)
from benchmarks.tables import digits, percent, table

PAGE = ROOT / "docs" / "scale.md"
PERFORMANCE = ROOT / "docs" / "benchmarks" / "performance.json"
GOAL_MS = GOAL_S * 1000
RECOVERED = 0.99  # share within the goal of a second that counts as good
POLICY_WORDS = {
    "least_connections": "least connections",
    "round_robin": "in turn",
    "random": "by chance",
}


def put(text: str, name: str, section: str) -> str:
    """Put a section between the marks of its name.

    Raises:
        BenchmarkError: If the marks are not there once each, in order.
    """
    begin, end = f"<!-- begin: {name} -->", f"<!-- end: {name} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if len(pattern.findall(text)) != 1:
        raise BenchmarkError(f"docs/scale.md needs the marks {begin!r} and {end!r} once each.")
    return pattern.sub(lambda _: f"{begin}\n{section}\n{end}", text)


def write_page(assumptions: Assumptions, page: Path = PAGE) -> None:
    """Write all tables into the page, and its figure beside it.

    Raises:
        BenchmarkError: If the page has lost a mark, or a result is missing.
    """
    text = page.read_text(encoding="utf-8")
    for name, section in render_all(assumptions).items():
        text = put(text, name, section)
    page.write_text(text, encoding="utf-8")
    draw_crowd([result for result in read_scenarios() if result.study == "crowd"])


def render_all(assumptions: Assumptions) -> dict[str, str]:
    """Render every table, by the name of its marks."""
    parameters, results = read_parameters(), read_scenarios()
    source, compared = comparisons.read_validation()
    budgets = read_budgets()
    renderers: dict[str, Callable[[Parameters, list[Result]], str]] = {
        "headroom": _render_headroom,
        "room": _render_room,
        "autoscaling": _render_autoscaling,
        "crowd": _render_crowd,
        "zone": _render_zone,
        "slow": _render_slow,
        "fleets": _render_fleets,
    }
    return {
        "parameters": render_parameters(parameters),
        "validation": f"{comparisons.render(compared)}\n\n{source}",
        **{
            name: render(parameters, [result for result in results if result.study == name])
            for name, render in renderers.items()
        },
        "assumptions": paper.render_assumptions(assumptions),
        "sizes": paper.render_sizes(parameters, assumptions),
        "stages": paper.render_stages(parameters, budgets, assumptions),
        "costs": paper.render_costs(parameters, budgets, assumptions),
    }


def read_budgets() -> list[Budget]:
    """Return where the time of each upload goes, as `make bench` measured it."""
    document = json.loads(PERFORMANCE.read_bytes())
    return TypeAdapter(list[Budget]).validate_python(document["budgets"])


def render_parameters(parameters: Parameters) -> str:
    """Render what was measured of one replica."""
    head = ["upload", "CPU, µs", "CPU at 16 connections, µs", "HAProxy's, µs"]
    rows = [
        [
            cost.upload,
            *(digits(value) for value in (cost.cpu_us, cost.busy_cpu_us, cost.proxy_cpu_us)),
            f"{cost.request_bytes:,}",
            f"{cost.answer_bytes:,}",
        ]
        for cost in parameters.costs
    ]
    costs = table([*head, "request, bytes", "answer, bytes"], rows)
    service = parameters.service.distribution
    p50_ms, p99_ms = (float(service.quantiles_s[at]) * 1000 for at in (50, 99))
    return f"""{costs}

From its command to its readiness a replica takes {digits(parameters.start_s)} s; after these uploads it has
{digits(parameters.resident_bytes / 1e6)} MB. The smallest upload keeps an idle worker busy for {digits(p50_ms)} ms
in the median and {digits(p99_ms)} ms in the 99th percentile; refusing one takes {digits(parameters.refusal_us)} µs.

Measured {parameters.date} on {parameters.machine}: `{parameters.command}`."""


def _render_headroom(parameters: Parameters, results: list[Result]) -> str:
    """P99 by upload and policy, one column a load."""
    loads = _values(results, "load")
    rows = []
    for upload in _values(results, "upload"):
        for policy, words in POLICY_WORDS.items():
            chosen = _choose(results, upload=upload, policy=policy)
            cells = [_mark(result.p99_ms, result.soon) for result in chosen]
            rows.append([_upload(parameters, upload), words, *cells])
    return table(["upload", "chosen", *(f"{float(load):.0%} busy" for load in loads)], rows)


def _render_room(parameters: Parameters, results: list[Result]) -> str:
    """P99 and answers by `DIGITSERVE_MAX_WAITING`."""
    rows = []
    for upload in _values(results, "upload"):
        for room in _values(results, "max_waiting"):
            calm, crowded = _choose(results, upload=upload, max_waiting=room)
            row = [_upload(parameters, upload), f"{room:g}", percent(1 - calm.answered)]
            capacity = calm.answered_per_s / calm.answered / float(calm.settings["load"])
            row += [f"{crowded.answered_per_s / capacity:.0%}"]
            rows.append([*row, _mark(crowded.p99_ms, float(crowded.p99_ms <= GOAL_MS))])
    head = [
        "upload",
        "`DIGITSERVE_MAX_WAITING`",
        "refused at 80 %",
        "answered at 200 %, of capacity",
    ]
    return table([*head, "their p99, ms"], rows)


def _render_autoscaling(_: Parameters, results: list[Result]) -> str:
    """Utilisation and p99 by target."""
    rows = [
        [
            f"{result.settings['target']:g}",
            f"{float(result.settings['load']):.0%}",
            percent(result.answered),
            _mark(result.p99_ms, result.soon),
            percent(result.soon),
        ]
        for result in results
    ]
    head = ["target, requests in flight", "workers are busy", "answered", "p99, ms"]
    return table([*head, f"within {GOAL_MS:.0f} ms"], rows)


def _render_crowd(_: Parameters, results: list[Result]) -> str:
    """What a crowd meets, by settings."""
    rows = [
        [
            f"{float(result.settings['load']) * BASE * CROWD:g}",
            *(
                f"{result.settings[name]:g}"
                for name in ("standing", "max_waiting", "target", "attempts")
            ),
            percent(result.answered),
            _mark(result.p99_ms, result.soon),
            percent(result.soon),
            f"{result.attempts:.2f}",
            _recovery(result),
            str(result.replicas),
        ]
        for result in results
    ]
    head = ["workers that the crowd keeps busy", "replicas before", "`DIGITSERVE_MAX_WAITING`"]
    head += ["target", "attempts", "answered", "p99, ms"]
    head += [f"within {GOAL_MS:.0f} ms", "sent for one", "good again after, s", "replicas then"]
    return table(head, rows)


def _recovery(result: Result) -> str:
    """Return the seconds from the crowd's coming until all seconds are good."""
    bad_s = [point.at_s for point in result.points if point.soon < RECOVERED]
    last_s = max(bad_s, default=CROWD_AT_S - 1)
    if result.points and last_s >= result.points[-1].at_s - 1:
        return "not yet"
    return f"{last_s + 1 - CROWD_AT_S:.0f}"


def _render_zone(_: Parameters, results: list[Result]) -> str:
    """What the loss of a zone costs."""
    rows = [
        [
            str(result.settings["kind"]),
            str(result.settings["balancer"]),
            f"{float(result.settings['load']):.0%}",
            f"{round(result.due * (1 - result.answered)):,}",
            percent(result.soon),
            digits(result.slowest_ms),
            str(sum(point.soon < RECOVERED for point in result.points)),
            f"{result.points[-1].soon:.0%}",
        ]
        for result in results
    ]
    head = ["zone", "balancer", "busy before", "failed", f"within {GOAL_MS:.0f} ms"]
    return table([*head, "slowest, ms", "bad seconds", "good at the end"], rows)


def _render_slow(_: Parameters, results: list[Result]) -> str:
    """What one slow replica costs."""
    rows = [
        [
            POLICY_WORDS[str(result.settings["policy"])],
            digits(result.p50_ms),
            _mark(result.p99_ms, result.soon),
            percent(result.soon),
        ]
        for result in results
    ]
    return table(["chosen", "p50, ms", "p99, ms", f"within {GOAL_MS:.0f} ms"], rows)


def _render_fleets(_: Parameters, results: list[Result]) -> str:
    """P99 of whole fleets, by policy."""
    rows = []
    for rate in _values(results, "rate"):
        chosen = _choose(results, rate=rate)
        workers = f"{chosen[0].settings['workers']:,}"
        cells = [_mark(result.p99_ms, result.soon) for result in chosen]
        rows.append([f"{rate:,}", workers, *cells])
    return table(
        ["a second", "workers", *(f"{words}, ms" for words in POLICY_WORDS.values())], rows
    )


def _mark(p99_ms: float, soon: float) -> str:
    """Write a 99th percentile, bold where it does not hold the goal, counted over all requests."""
    return digits(p99_ms) if p99_ms <= GOAL_MS and soon >= RECOVERED else f"**{digits(p99_ms)}**"


def _values(results: Iterable[Result], name: str) -> list[str | float]:
    """Return the values of a setting, in order."""
    return list(dict.fromkeys(result.settings[name] for result in results))


def _choose(results: list[Result], **settings: str | float) -> list[Result]:
    """Return the results with these settings."""
    return [result for result in results if settings.items() <= result.settings.items()]


def _upload(parameters: Parameters, number: str | float) -> str:
    """Name an upload."""
    return parameters.costs[int(number)].upload.partition(" (")[0]
