"""Comparisons: what was measured beside what was predicted, as a file and as a table.

Comparison, of each case and round -> docs/scale/validation.json -> medians over the rounds -> table
"""

import json
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter

from benchmarks.machine import describe_machine, today
from benchmarks.simulation.parameters import FOLDER
from benchmarks.tables import digits, table

PATH = FOLDER / "validation.json"
COMMAND = "python -m benchmarks.simulation validate"


@dataclass(frozen=True)
class Figures:
    """What was measured, or predicted.

    Attributes:
        answered_per_s: Answers a second.
        p50_ms: Median latency, in milliseconds.
        p99_ms: 99th percentile.
        refused: Share of the requests that were not answered, 0..1.
    """

    answered_per_s: float
    p50_ms: float
    p99_ms: float
    refused: float


@dataclass(frozen=True)
class Comparison:
    """One run.

    Attributes:
        engine: `slowed` or `real`.
        replicas: How many.
        load: Offered, as a share of what they can do; 0 for a closed loop.
        measured: By real replicas.
        predicted: By the simulation.
    """

    engine: str
    replicas: int
    load: float
    measured: Figures
    predicted: Figures


def write_validation(comparisons: list[Comparison], path: Path = PATH) -> None:
    """Write the results."""
    document = {"command": COMMAND, "machine": describe_machine(), "date": today()}
    runs = [asdict(comparison) for comparison in comparisons]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**document, "runs": runs}, indent=1) + "\n")


def read_validation(path: Path = PATH) -> tuple[str, list[Comparison]]:
    """Return where the results come from, and them."""
    document = json.loads(path.read_bytes())
    comparisons = TypeAdapter(list[Comparison]).validate_python(document["runs"])
    rounds = len(next(iter(group(comparisons).values())))
    source = (
        f"Medians of {rounds} round{'s' * (rounds > 1)}. "
        f"Measured {document['date']} on {document['machine']}: `{document['command']}`."
    )
    return source, comparisons


def group(comparisons: list[Comparison]) -> dict[tuple[str, int, float], list[Comparison]]:
    """Return the rounds of each case, by engine, replicas and load."""
    groups: dict[tuple[str, int, float], list[Comparison]] = {}
    for run in comparisons:
        groups.setdefault((run.engine, run.replicas, run.load), []).append(run)
    return groups


def medians(runs: list[Comparison], name: str) -> tuple[float, float]:
    """Return a figure of one case as measured and as predicted, the median over its rounds."""
    measured, predicted = (
        statistics.median(getattr(getattr(run, side), name) for run in runs)
        for side in ("measured", "predicted")
    )
    return measured, predicted


def render(comparisons: list[Comparison]) -> str:
    """Render the table: medians over the rounds, predicted after measured."""
    head = ["engine", "replicas", "offered", "answers/s", "p50, ms", "p99, ms", "refused"]
    rows = []
    for (engine, replicas, load), runs in group(comparisons).items():
        offered = f"{load:.0%}" if load else "closed loop"
        rows.append([engine, str(replicas), offered, *_cells(runs)])
    return table(head, rows)


def _cells(runs: list[Comparison]) -> list[str]:
    """Write the figures of one case."""
    cells = []
    for name in ("answered_per_s", "p50_ms", "p99_ms", "refused"):
        measured, predicted = medians(runs, name)
        if name == "refused":
            cells.append(f"{measured:.1%} / {predicted:.1%}")
        else:
            cells.append(f"{digits(measured)} / {digits(predicted)}")
    return cells
