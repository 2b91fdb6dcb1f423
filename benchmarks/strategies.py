"""Strategies: what training by two workers costs beside one process, and what it comes to.

    .venv/dev/bin/python -m benchmarks.strategies    measures, and writes the table into docs/scale.md

recipe, seed -> one process, and two workers on loopback -> run directories -> history -> table
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.catalogue import ROOT
from benchmarks.errors import BenchmarkError
from benchmarks.sections import write_section
from benchmarks.study import WHOLE, Extent, Study
from benchmarks.tables import spread, table

RECIPE = "textbook"
NUM_WORKERS = {"none": 1, "multiworker": 2}
LIMIT_S = 1800
EXTENT = replace(WHOLE, rounds=1, command="python -m benchmarks.strategies")
PAGE = ROOT / "docs/scale.md"


@dataclass(frozen=True)
class StrategyRun:
    """One training.

    Attributes:
        seed: Of the run.
        strategy: Who trained.
        epoch_s: Wall time of each epoch, in seconds.
        val_accuracy: Accuracy on the validation digits after the last epoch, 0..1.
    """

    seed: int
    strategy: str
    epoch_s: list[float]
    val_accuracy: float


def measure(extent: Extent) -> list[StrategyRun]:
    """Train with a seed a round, by each strategy in turn."""
    return [
        _run(seed, strategy) for seed in range(1, extent.rounds + 1) for strategy in NUM_WORKERS
    ]


def _run(seed: int, strategy: str) -> StrategyRun:
    """Train once.

    Raises:
        BenchmarkError: If a worker fails.
    """
    print(f"seed {seed}: {strategy}", flush=True)
    with tempfile.TemporaryDirectory(prefix="digitserve-") as folder:
        clusters = make_clusters(NUM_WORKERS[strategy])
        workers = [
            subprocess.Popen(
                [
                    *(sys.executable, "-m", "training", "train", "--recipe", RECIPE),
                    *("--seed", str(seed), "--strategy", strategy),
                    *("--out", str(Path(folder) / f"run-{number}")),
                ],
                cwd=ROOT,
                env={**os.environ, **cluster},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for number, cluster in enumerate(clusters)
        ]
        try:
            codes = [worker.wait(LIMIT_S) for worker in workers]
        finally:
            for worker in workers:
                worker.kill()
        if any(codes):
            raise BenchmarkError(f"Training by the strategy {strategy} ended with {codes}.")
        history = json.loads((Path(folder) / "run-0" / "history.json").read_bytes())
    return StrategyRun(
        seed, strategy, [epoch["seconds"] for epoch in history], history[-1]["val_accuracy"]
    )


def make_clusters(number: int) -> list[dict[str, str]]:
    """Return the variables of each worker; none for one alone."""
    if number == 1:
        return [{}]
    addresses = []
    for _ in range(number):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            addresses.append(f"127.0.0.1:{probe.getsockname()[1]}")
    cluster = {"worker": addresses}
    return [
        {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})}
        for index in range(number)
    ]


def render(runs: list[StrategyRun]) -> str:
    """Render the table and what it says."""
    head = ["strategy", "processes", "an epoch, s", "validation accuracy"]
    rows = []
    for strategy, number in NUM_WORKERS.items():
        own = [run for run in runs if run.strategy == strategy]
        accuracies = [100 * run.val_accuracy for run in own]
        deviation = f" ± {statistics.stdev(accuracies):.2f}" if len(own) > 1 else ""
        rows.append(
            [
                f"`{strategy}`",
                str(number),
                spread([statistics.median(run.epoch_s) for run in own]),
                f"{statistics.mean(accuracies):.2f} %{deviation}",
            ]
        )
    num_epochs, num_seeds = len(runs[0].epoch_s), len({run.seed for run in runs})
    return f"""{table(head, rows)}

The recipe `{RECIPE}`, {num_epochs} epochs, {num_seeds} seed{"s" * (num_seeds > 1)}; median of a run's epochs.
Both workers share the two cores that one process has alone: this is what the sharing costs.
A gain takes a machine for each.
"""


STUDY = Study("strategies", StrategyRun, measure, render)


def main() -> None:
    """Measure, and write results and page."""
    STUDY.write(EXTENT, PAGE.parent)
    write_section(PAGE, EXTENT.command, STUDY.section(PAGE.parent))


if __name__ == "__main__":
    main()
