"""A constant rate: how long answers take when clients come as they come, whatever the server does.

open loop (a process of its own) -> tally -> RateRun -> table
"""

import json
import math
import subprocess
import sys
import tempfile

from benchmarks.catalogue import ROOT, Form
from benchmarks.errors import BenchmarkError
from benchmarks.open_loop import Tally, write_request
from benchmarks.results import Comparison, ContenderResult, RateRun
from benchmarks.server import RunningServer
from benchmarks.tables import NOTHING, digits, median, percent, ratios, spread, table
from benchmarks.uploads import Upload

RATE = 300  # requests a second: a third of what one worker answers
SOON_MS = 50.0
KEEPS_UP = 0.9  # share of the requests answered before the last is due
OURS = "digitserve"


def start_generator(
    request: bytes, port: int, *, rate: float, seconds: float, seed: int | None = None
) -> Tally:
    """Run the open loop in a process of its own; a seed lets requests come by chance.

    Raises:
        BenchmarkError: If it fails.
    """
    with tempfile.NamedTemporaryFile() as file:
        file.write(request)
        file.flush()
        command = [sys.executable, "-m", "benchmarks.open_loop", file.name, str(port)]
        options = ["--rate", str(rate), "--seconds", str(seconds)]
        options += [] if seed is None else ["--seed", str(seed)]
        done = subprocess.run(
            [*command, *options], cwd=ROOT, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise BenchmarkError(f"The open loop failed: {done.stderr.strip()[-200:]}")
    return Tally(**json.loads(done.stdout))


def run_rate(server: RunningServer, upload: Upload, *, seconds: float, number: int) -> RateRun:
    """Send an upload at the constant rate.

    Args:
        server: Where to.
        upload: What to send.
        seconds: How long.
        number: Number of the round, from 0.
    """
    request = write_request("POST", server.path, upload.body, upload.content_type)
    tally = start_generator(request, server.port, rate=RATE, seconds=seconds)
    return summarise(tally, upload.form, seconds=seconds, number=number)


def summarise(tally: Tally, form: Form, *, seconds: float, number: int) -> RateRun:
    """Bring a tally to the figures of the page."""
    latencies = tally.latencies_ms
    return RateRun(
        round=number,
        form=form,
        answers_per_s=tally.answered_in_run / seconds,
        keeps_up=tally.answered_in_run >= KEEPS_UP * tally.due,
        soon=sum(latency <= SOON_MS for latency in latencies) / tally.due,
        p50_ms=percentile(latencies, 0.50) if latencies else 0.0,
        p99_ms=percentile(latencies, 0.99) if latencies else 0.0,
    )


def percentile(values: list[float], share: float) -> float:
    """Return the least value that this share of at least one value does not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def render(comparison: Comparison) -> str:
    """Render the section, or nothing where no rate was measured."""
    rows = [
        _row(comparison, entry, form)
        for entry in comparison.contenders
        for form in dict.fromkeys(run.form for run in entry.rates)
    ]
    if not rows:
        return ""
    picture = next(iter(comparison.pictures.values()))
    head = [
        "contender",
        "upload",
        "p50, ms",
        "ratio",
        "p99, ms",
        "ratio",
        f"within {SOON_MS:.0f} ms",
    ]
    return f"""## At {RATE} requests a second

{picture}, sent at a constant rate whatever the answers do (an open loop). Latency counts from when a request
was due, so that waiting behind others counts. A contender that has answered less than {KEEPS_UP:.0%} of the requests
when the last is due does not keep up: its answers take the longer, the longer it goes on, and its latencies would only
tell how long the run was. The last column is the share of all requests.

{table(head, rows)}
"""


def _row(comparison: Comparison, entry: ContenderResult, form: Form) -> list[str]:
    """One line of the table."""
    runs = [run for run in entry.rates if run.form == form]
    soon = percent(sum(run.soon for run in runs) / len(runs))
    if not all(run.keeps_up for run in runs):
        answers = digits(min(run.answers_per_s for run in runs))
        name = f"{entry.name} (does not keep up: {answers} a second)"
        return [name, form, *[NOTHING] * 4, soon]
    cells = [entry.name, form]
    for name in ("p50_ms", "p99_ms"):
        theirs = _by_round(entry, form, name)
        cells += [
            median(list(theirs.values())),
            spread(ratios(_ours(comparison, form, name), theirs)),
        ]
    return [*cells, soon]


def _ours(comparison: Comparison, form: Form, name: str) -> dict[int, float]:
    """Return our figure by round."""
    ours = [entry for entry in comparison.contenders if entry.name == OURS]
    return _by_round(ours[0], form, name) if ours else {}


def _by_round(entry: ContenderResult, form: Form, name: str) -> dict[int, float]:
    """Return a figure by round, of those in which the contender kept up."""
    return {
        run.round: getattr(run, name) for run in entry.rates if run.form == form and run.keeps_up
    }
