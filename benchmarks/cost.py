"""Cost: what the work since a commit costs an upload, its service and today's side by side.

    python -m benchmarks.cost COMMIT    measures, and writes the table into docs/performance.md

commit -> a checkout of it -> both services in turn, under the same load -> ratios, round by round
"""

import argparse
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks.catalogue import BUNDLE, ROOT, Contender, make_digitserve
from benchmarks.environments import cache_folder, prepare
from benchmarks.errors import BenchmarkError
from benchmarks.load import find_wrk
from benchmarks.measure import load_warm
from benchmarks.pictures import make_pictures
from benchmarks.sections import write_section
from benchmarks.server import running
from benchmarks.study import WHOLE, Study
from benchmarks.tables import ratios, spread, table
from benchmarks.uploads import Upload

CONNECTIONS = (1, 16, 64)
ROUNDS = 9
MODEL = "digits"  # what the service answers with unless told otherwise
PAGE = ROOT / "docs/performance.md"
COMMAND = "python -m benchmarks.cost"


@dataclass(frozen=True)
class CostRun:
    """One load of one service.

    Attributes:
        round: Number of the round, from 0.
        commit: Of the older service; the newer one is empty.
        connections: How many were busy.
        requests_per_s: Answers a second.
        p50_ms: Median latency, in milliseconds.
        cpu_us: CPU time of the service an answer, in microseconds.
    """

    round: int
    commit: str
    connections: int
    requests_per_s: float
    p50_ms: float
    cpu_us: float


def measure(commit: str, rounds: int, seconds: int) -> list[CostRun]:
    """Measure both services in rounds, the first of a round in turn.

    Raises:
        BenchmarkError: If there is no such commit, or a service does not come up.
    """
    find_wrk()
    now = replace(make_digitserve("now"), environment={"DIGITSERVE_MODEL": MODEL})
    with tempfile.TemporaryDirectory(prefix="digitserve-") as folder:
        check_out(commit, Path(folder))
        # Its variables come after those of every server, so this folder is imported from.
        then = replace(now, environment={**now.environment, "PYTHONPATH": folder})
        then = replace(then, command=_in_folder(then.command, folder))
        runs: list[CostRun] = []
        for number in range(rounds):
            pair = [(now, ""), (then, commit)]
            for contender, name in pair if number % 2 else reversed(pair):
                print(f"round {number + 1} of {rounds}: {name or 'now'}", flush=True)
                runs += _load(contender, partial(CostRun, number, name), seconds)
    return runs


def _in_folder(command: tuple[str, ...], folder: str) -> tuple[str, ...]:
    """Let Python import the service from a folder before the one that it is started in."""
    program, *arguments = command
    code = f"import sys; sys.path[0] = {folder!r}; from service.cli import main; sys.exit(main())"
    return (program, "-c", code, *arguments[2:])


def check_out(commit: str, folder: Path, repository: Path = ROOT) -> None:
    """Put the files of a commit into a folder.

    Raises:
        BenchmarkError: If there is no such commit.
    """
    packed = folder / "commit.tar"
    command = ("git", "-C", str(repository), "archive", "--output", str(packed), commit)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkError(f"git knows no commit {commit!r}: {done.stderr.strip()[-200:]}")
    with tarfile.open(packed) as archive:
        archive.extractall(folder, filter="data")


def _load(
    contender: Contender, describe: Callable[[int, float, float, float], CostRun], seconds: int
) -> list[CostRun]:
    """Start a service and load it with each number of connections."""
    upload, runs = Upload(make_pictures(BUNDLE)[0], "raw"), []
    with running(contender, prepare(contender), upload, cache_folder() / "cost.log") as server:
        for connections in CONNECTIONS:
            load, cpu_us = load_warm(server, upload, connections=connections, seconds=seconds)
            rate = load.requests / load.duration_s
            runs.append(describe(connections, rate, load.p50_ms, cpu_us))
    return runs


def render(runs: list[CostRun]) -> str:
    """Render the table: every figure of today's service over that of the older one, in the same round."""
    [commit] = {run.commit for run in runs} - {""}
    head = ["connections", "requests/s", "p50", "CPU time a request"]
    figures: dict[str, Callable[[CostRun], float]] = {
        "requests/s": lambda run: run.requests_per_s,
        "p50": lambda run: run.p50_ms,
        "CPU": lambda run: run.cpu_us,
    }
    rows = [
        [str(connections), *(_ratio(runs, connections, figure) for figure in figures.values())]
        for connections in dict.fromkeys(run.connections for run in runs)
    ]
    rounds = len({run.round for run in runs})
    return f"""Today's service over that of {commit}: medians of {rounds} rounds, in brackets the least and the largest;
a 28x28 PNG, raw, the network `{MODEL}`, one worker.

{table(head, rows)}
"""


def _ratio(runs: list[CostRun], connections: int, figure: Callable[[CostRun], float]) -> str:
    """Divide a figure of today by that of the older service, round by round."""
    then, now = (
        {
            run.round: figure(run)
            for run in runs
            if run.connections == connections and (not run.commit) == is_now
        }
        for is_now in (False, True)
    )
    return spread(ratios(then, now))


def main() -> int:
    """Measure, and write results and page."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("commit", help="whose service is compared with")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often both are started")
    options = parser.parse_args()
    study = Study(
        "cost", CostRun, lambda it: measure(options.commit, it.rounds, it.seconds), render
    )
    extent = replace(WHOLE, rounds=options.rounds, command=f"{COMMAND} {options.commit}")
    try:
        study.write(extent, PAGE.parent)
    except BenchmarkError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    write_section(PAGE, COMMAND, study.section(PAGE.parent))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
