"""Bulk scoring: `python -m benchmarks.scoring` measures `digitserve score` and writes its table into docs/scale.md.

    folders of digits -> one and two workers in turn, few and many images -> docs/scale/score.json -> table

Itself runs in `.venv/dev`, and the command in `.venv/ray`, which `make .venv/ray/ready` prepares.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from benchmarks import bulk, processes
from benchmarks.catalogue import BUNDLE, ROOT
from benchmarks.errors import BenchmarkError
from benchmarks.machine import describe_machine, today
from benchmarks.pictures import encode
from benchmarks.simulation.page import PAGE, put
from benchmarks.tables import spread, table

DATA = ROOT / "docs" / "scale" / "score.json"
SERVICE = ROOT / "docs" / "benchmarks" / "bulk.json"
COMMAND = "python -m benchmarks.scoring"
PYTHON = ROOT / ".venv" / "ray" / "bin" / "python"
IMAGES_OF_FOLDER = 10_000
SAMPLE_EVERY_S = 1.0
MIB = 1024 * 1024


@dataclass(frozen=True)
class Run:
    """One run of the command.

    Attributes:
        round: Number of the round, from 0.
        workers: How many.
        images: How many pictures.
        images_per_s: Between the first result file and the last.
        start_s: From the command to the first result file, in seconds.
        cpu_us: CPU time of the workers for a picture, in microseconds.
        peak_mib: Most memory of the command, Ray and the workers together, proportional set size.
    """

    round: int
    workers: int
    images: int
    images_per_s: float
    start_s: float
    cpu_us: float
    peak_mib: float


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scoring", description=__doc__)
    parser.add_argument("--images", type=int, default=10_000, help="of a run of each round")
    parser.add_argument("--many", type=int, default=200_000, help="of the last run, for its memory")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        few = write_images(folder / "few", arguments.images)
        runs = [
            run_command(few, arguments.images, workers, number)
            for number in range(arguments.rounds)
            for workers in ((1, 2) if number % 2 else (2, 1))
        ]
        many = write_images(folder / "many", arguments.many)
        runs.append(run_command(many, arguments.many, 2, 0))
    write_runs(runs, " ".join((COMMAND, *sys.argv[1:])))
    write_table()


def write_table() -> None:
    """Write the table from what was measured, here and by `make bench`."""
    PAGE.write_text(put(PAGE.read_text(encoding="utf-8"), "score", section()), encoding="utf-8")


def write_images(folder: Path, count: int) -> Path:
    """Write PNGs of validation digits, so many a folder."""
    with np.load(BUNDLE / "assets.extra" / "validation.npz") as data:
        pictures = [encode(image, "PNG") for image in data["images"]]
    for index in range(count):
        path = folder / f"{index // IMAGES_OF_FOLDER:03}" / f"{index:07}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pictures[index % len(pictures)])
    return folder


def run_command(source: Path, images: int, workers: int, number: int) -> Run:
    """Score a folder, and watch the memory.

    Raises:
        BenchmarkError: If the command fails.
    """
    destination = source.with_name("results")
    shutil.rmtree(destination, ignore_errors=True)
    command = [PYTHON, "-m", "service", "score", source, destination, "--json"]
    started_s, peak_bytes = time.time(), 0
    with subprocess.Popen(
        [*map(str, command), "--workers", str(workers)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None:
            peak_bytes = max(peak_bytes, processes.memory(process.pid).proportional)
            time.sleep(SAMPLE_EVERY_S)
        said, _ = process.communicate()
    if process.returncode:
        raise BenchmarkError(f"digitserve score ended with code {process.returncode}.")
    written_s = sorted(path.stat().st_mtime for path in destination.glob("*.parquet"))
    share = 1 - 1 / len(written_s)  # of the images, between the first file and the last
    return Run(
        number,
        workers,
        images,
        images * share / (written_s[-1] - written_s[0]),
        written_s[0] - started_s,
        json.loads(said)["cpu_s"] / images * 1e6,
        peak_bytes / MIB,
    )


def write_runs(runs: list[Run], command: str, path: Path = DATA) -> None:
    """Write what was measured, and where."""
    document = {"command": command, "machine": describe_machine(), "date": today()}
    content = {**document, "runs": [asdict(run) for run in runs]}
    path.write_text(json.dumps(content, indent=1) + "\n")


def read_runs(path: Path = DATA) -> list[Run]:
    """Read what was measured."""
    return TypeAdapter(list[Run]).validate_python(json.loads(path.read_bytes())["runs"])


def section(path: Path = DATA) -> str:
    """Return the page's section of what was measured."""
    document = json.loads(path.read_bytes())
    source = f"Measured {document['date']} on {document['machine']}: `{document['command']}`."
    return f"{render(read_runs(path))}\n\n{source}"


def render(runs: list[Run]) -> str:
    """Render the table, with `/predict/batch` of docs/benchmarks.md beside."""
    shown = sorted({(run.images, run.workers) for run in runs})
    rows = [_row([run for run in runs if (run.images, run.workers) == key]) for key in shown]
    head = ["28x28 PNGs", "workers", "images/s", "start, s", "CPU, µs/image", "memory, MiB"]
    return f"{table(head, [*rows, _service_row()])}\n\n{_ratio(runs)}"


def _row(runs: list[Run]) -> list[str]:
    """Write the runs of one size."""
    values: Iterable[list[float]] = (
        [run.images_per_s for run in runs],
        [run.start_s for run in runs],
        [run.cpu_us for run in runs],
        [run.peak_mib for run in runs],
    )
    return [f"{runs[0].images:,}", str(runs[0].workers), *map(spread, values)]


def _service_row() -> list[str]:
    """Write what `/predict/batch` takes, by the page of benchmarks."""
    loaded = json.loads(SERVICE.read_text())["runs"]
    runs = [
        run
        for run in TypeAdapter(list[bulk.BulkRun]).validate_python(loaded)
        if run.way == "batch, zip"
    ]
    rate, cpu_us = spread([run.images_per_s for run in runs]), spread([run.cpu_us for run in runs])
    return ["`/predict/batch`, zips of 256", "1", rate, "-", cpu_us, "-"]


def _ratio(runs: list[Run]) -> str:
    """Say what a second worker brings, round by round."""
    rates = {(run.images, run.round, run.workers): run.images_per_s for run in runs}
    gains = [
        rate / rates[images, number, 1]
        for (images, number, workers), rate in rates.items()
        if workers == 2 and (images, number, 1) in rates
    ]
    return f"Two workers are {spread(gains)} times as fast as one, by the same round."


if __name__ == "__main__":
    main()
