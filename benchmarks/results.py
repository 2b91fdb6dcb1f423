"""Results of the comparison: what every run measured, as JSON; the pages are generated from it."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from benchmarks.catalogue import Form
from benchmarks.errors import BenchmarkError


@dataclass(frozen=True)
class Case:
    """What is asked of a server.

    Attributes:
        picture: Name of the picture.
        form: How it is sent.
        connections: How many wait for answers at once.
    """

    picture: str
    form: Form
    connections: int


@dataclass(frozen=True)
class CaseRun:
    """One run of the load generator.

    Attributes:
        round: Number of the round, from 0.
        case: What was asked.
        requests: Answers with a status of success.
        failed: Other answers, and none.
        requests_per_s: Answers a second.
        p50_ms: Median latency.
        p99_ms: 99th percentile of the latency.
        cpu_us: CPU time of the server's processes for one request, in microseconds.
    """

    round: int
    case: Case
    requests: int
    failed: int
    requests_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


@dataclass(frozen=True)
class RateRun:
    """One run of the open loop at the constant rate.

    Attributes:
        round: Number of the round, from 0.
        form: How the picture was sent.
        answers_per_s: Successful answers a second while requests fell due.
        keeps_up: Whether that is nearly all.
        soon: Share of the requests that were answered soon, 0..1.
        p50_ms: Median latency since a request was due; 0 without answers.
        p99_ms: 99th percentile of it.
    """

    round: int
    form: Form
    answers_per_s: float
    keeps_up: bool
    soon: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Start:
    """One life of a server.

    Attributes:
        round: Number of the round, from 0.
        first_answer_s: Seconds from starting the command to the first right answer.
        idle_bytes: Memory after it, shared pages counted once.
        loaded_bytes: Memory after all runs, shared pages counted once.
    """

    round: int
    first_answer_s: float
    idle_bytes: int
    loaded_bytes: int


@dataclass(frozen=True)
class ContenderResult:
    """Everything on one contender.

    Attributes:
        name: Its name.
        workers: Processes that run the network.
        versions: Of its libraries.
        installed_bytes: Size of its packages.
        starts: One per round.
        runs: One per round and case.
        rates: One per round and form of upload, at the constant rate.
        failure: Why it was not measured, or empty.
    """

    name: str
    workers: int
    versions: str
    installed_bytes: int
    starts: list[Start]
    runs: list[CaseRun]
    rates: list[RateRun] = field(default_factory=list)
    failure: str = ""

    def of(self, case: Case, value: Callable[[CaseRun], float]) -> dict[int, float]:
        """Return a figure of a case by round."""
        return {run.round: value(run) for run in self.runs if run.case == case}


@dataclass(frozen=True)
class Comparison:
    """All contenders in one run of the benchmark.

    Attributes:
        machine: Processor, cores and system.
        python: Version of Python.
        generator: Version and parameters of the load generator.
        command: What measures this again.
        date: Day of the measurement, ISO 8601.
        pictures: Descriptions of the pictures, by their names.
        contenders: In the catalogue's order.
        commit: What was measured, or empty.
    """

    machine: str
    python: str
    generator: str
    command: str
    date: str
    pictures: dict[str, str]
    contenders: list[ContenderResult]
    commit: str = ""

    def cases(self) -> list[Case]:
        """Return every case that was measured, in order."""
        return list(dict.fromkeys(run.case for entry in self.contenders for run in entry.runs))


def write_comparison(comparison: Comparison, path: Path) -> None:
    """Write the results as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(comparison), indent=1) + "\n")


def read_comparison(path: Path) -> Comparison:
    """Read what `write_comparison` wrote.

    Raises:
        BenchmarkError: If the file is another.
    """
    try:
        return TypeAdapter(Comparison).validate_json(path.read_bytes())
    except (OSError, ValueError) as cause:
        raise BenchmarkError(
            f"{path} holds no results of the comparison. Write it with: make bench"
        ) from cause
