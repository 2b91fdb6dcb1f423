"""A study: one question about the service beside the comparison; one module, one file of results, one table.

Study.measure -> runs -> <name>.json -> Study.render -> section of the page
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from benchmarks.errors import BenchmarkError
from benchmarks.machine import describe_commit, describe_machine, today

Run = TypeVar("Run")


@dataclass(frozen=True)
class Extent:
    """How much is measured.

    Attributes:
        starts: How often the service is started for its start-up time.
        photos: How many photos it is sent for its memory.
        rounds: How often everything else is measured.
        seconds: Length of a load, in seconds.
        epochs: Most epochs of a training.
        share: Share of the training digits that an epoch takes, above 0 to 1.
        command: What measures this much.
    """

    starts: int
    photos: int
    rounds: int
    seconds: int
    epochs: int
    share: float
    command: str


QUICK = Extent(2, 30, 1, 1, 1, 0.05, "make bench QUICK=1")
WHOLE = Extent(7, 1000, 3, 3, 10, 1.0, "make bench")


@dataclass(frozen=True)
class Study(Generic[Run]):
    """One question.

    Attributes:
        name: Name of its results' file.
        run: Class of its runs, a dataclass.
        measure: Measures; prints nothing but progress.
        render: Renders at least one run as a section of the page, with its heading.
        is_slow: Whether a quick run leaves it out unless it is asked for by name.
    """

    name: str
    run: type[Run]
    measure: Callable[[Extent], list[Run]]
    render: Callable[[list[Run]], str]
    is_slow: bool = False

    def write(self, extent: Extent, folder: Path) -> Path:
        """Measure, and write the results under the folder of a page.

        Raises:
            BenchmarkError: If it cannot be measured.
        """
        runs: list[Any] = list(self.measure(extent))
        document = {
            "command": extent.command,
            "machine": describe_machine(),
            "date": today(),
            "commit": describe_commit(),
            "runs": [asdict(run) for run in runs],
        }
        path = self.path(folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=1) + "\n")
        return path

    def section(self, folder: Path) -> str:
        """Return the section of the page, or nothing where it was not measured.

        Raises:
            BenchmarkError: If the file holds something else.
        """
        path = self.path(folder)
        if not path.is_file():
            return ""
        try:
            document = json.loads(path.read_bytes())
            runs = [TypeAdapter(self.run).validate_python(run) for run in document["runs"]]
            commit = f" at {document['commit']}" if document.get("commit") else ""
            source = f"Measured {document['date']}{commit} on {document['machine']}: `{document['command']}`."
        except (ValueError, TypeError, KeyError) as cause:
            raise BenchmarkError(
                f"{path} holds no results of the study {self.name}. Write it with: make bench"
            ) from cause
        return f"{self.render(runs)}\n{source}\n"

    def path(self, folder: Path) -> Path:
        """Return where the results lie."""
        return folder / "benchmarks" / f"{self.name}.json"
