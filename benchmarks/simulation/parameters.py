"""What the simulation knows of the service, as it was measured: docs/scale/parameters.json."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter

from benchmarks.catalogue import ROOT
from benchmarks.errors import BenchmarkError
from benchmarks.simulation.draws import Measured

FOLDER = ROOT / "docs" / "scale"
PATH = FOLDER / "parameters.json"


@dataclass(frozen=True)
class UploadCost:
    """What one kind of upload costs.

    Attributes:
        upload: What was sent.
        cpu_us: CPU time of the service for one, at one connection, in microseconds.
        busy_cpu_us: The same at sixteen, where batches share calls of the engine.
        proxy_cpu_us: CPU time of HAProxy for one.
        request_bytes: Head and body of the request, as HTTP.
        answer_bytes: Head and body of the answer, as HTTP.
    """

    upload: str
    cpu_us: float
    busy_cpu_us: float
    proxy_cpu_us: float
    request_bytes: int
    answer_bytes: int


@dataclass(frozen=True)
class Timing:
    """How long a request keeps an idle worker busy.

    Attributes:
        quantiles_s: At equal steps from the least to the largest, in seconds.
        overhead_s: What a client's median is above the median of those, in seconds.
    """

    quantiles_s: tuple[float, ...]
    overhead_s: float

    @property
    def distribution(self) -> Measured:
        """As a distribution to draw from."""
        return Measured(self.quantiles_s)


@dataclass(frozen=True)
class Parameters:
    """All of them.

    Attributes:
        command: What measured them.
        machine: Processor, cores and system.
        date: Day of the measurement, ISO 8601.
        start_s: From starting a replica's command to its readiness, in seconds.
        resident_bytes: Memory of a replica after the uploads below.
        service: Of the smallest upload to a worker on one core: the form as its log tells it, the mean its CPU time.
        refusal_us: CPU time of the service for a request that it refuses, in microseconds.
        slowed: Of the same upload to an engine that was slowed down.
        delay_ms: By how much it was.
        costs: Of uploads, the smallest first.
    """

    command: str
    machine: str
    date: str
    start_s: float
    resident_bytes: int
    service: Timing
    refusal_us: float
    slowed: Timing
    delay_ms: float
    costs: tuple[UploadCost, ...]


def write_parameters(parameters: Parameters, path: Path = PATH) -> None:
    """Write them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(parameters), indent=1) + "\n")


def read_parameters(path: Path = PATH) -> Parameters:
    """Read them.

    Raises:
        BenchmarkError: If they were not measured, or are something else.
    """
    try:
        return TypeAdapter(Parameters).validate_json(path.read_bytes())
    except (OSError, ValueError) as cause:
        raise BenchmarkError(
            f"{path} holds no parameters. Write it with: python -m benchmarks.simulation measure"
        ) from cause
