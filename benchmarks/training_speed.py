"""Training: digits a second, and the time to an accuracy, beside plain `model.fit` of the same network.

race (a process with TensorFlow) -> laps -> table
"""

import json
import statistics
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.catalogue import ROOT, Contender
from benchmarks.environments import cache_folder, prepare
from benchmarks.errors import BenchmarkError
from benchmarks.study import Extent, Study
from benchmarks.tables import NOTHING, digits, spread, table

RECIPE = "textbook"
ACCURACY = 0.99  # on the validation digits
TRAINER = Contender(
    "training", "digitserve-tensorflow", ("python", "-m", "benchmarks.race", RECIPE)
)


@dataclass(frozen=True)
class LapRun:
    """One epoch of both.

    Attributes:
        round: Number of the epoch, from 0.
        digits: Training digits of an epoch.
        plain_s: Wall time of plain Keras's, with validation.
        our_s: Wall time of ours, with validation and checkpoint.
        plain_accuracy: Validation accuracy after it, 0..1.
        our_accuracy: The same after ours.
    """

    round: int
    digits: int
    plain_s: float
    our_s: float
    plain_accuracy: float
    our_accuracy: float


def measure(extent: Extent) -> list[LapRun]:
    """Train both in turn, until both reach the accuracy or the epochs are over.

    Raises:
        BenchmarkError: If a training fails.
    """
    log = cache_folder() / "training.log"
    program, *arguments = TRAINER.command
    command = [str(prepare(TRAINER) / "bin" / program), *arguments]
    options = {"--epochs": extent.epochs, "--share": extent.share, "--until": ACCURACY}
    command += [str(word) for option in options.items() for word in option]
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        runs = list(read_laps(process.stdout or ()))
    if process.returncode or not runs:
        raise BenchmarkError(f"The training failed: {_last_line(log)}")
    return runs


def read_laps(lines: Iterable[str]) -> Iterator[LapRun]:
    """Read what the race prints, line by line, and print the progress."""
    for number, line in enumerate(lines):
        lap = json.loads(line)
        run = LapRun(
            round=number,
            digits=lap["digits"],
            plain_s=lap["plain"]["wall_s"],
            our_s=lap["ours"]["wall_s"],
            plain_accuracy=lap["plain_accuracy"],
            our_accuracy=lap["our_accuracy"],
        )
        print(f"epoch {number + 1}: {run.plain_s:.1f} s plain, {run.our_s:.1f} s ours", flush=True)
        yield run


def render(runs: list[LapRun]) -> str:
    """Render the section."""
    plain_s, our_s = [run.plain_s for run in runs], [run.our_s for run in runs]
    plain_epochs = epochs_to([run.plain_accuracy for run in runs])
    our_epochs = epochs_to([run.our_accuracy for run in runs])
    plain_total_s, our_total_s = sum(plain_s[:plain_epochs]), sum(our_s[:our_epochs])
    faster = spread([plain / ours for plain, ours in zip(plain_s, our_s, strict=True)])
    is_told = plain_epochs and our_epochs
    sooner = digits(our_total_s / plain_total_s) if is_told else NOTHING
    base = digits(1) if is_told else NOTHING
    head = ["training", "digits/s", "ratio", f"epochs to {ACCURACY:.0%}", "seconds to it", "ratio"]
    rows = [
        [
            "plain `model.fit`",
            _rate(runs, plain_s),
            "1.00",
            *_goal(plain_epochs, plain_total_s),
            base,
        ],
        ["digitserve", _rate(runs, our_s), faster, *_goal(our_epochs, our_total_s), sooner],
    ]
    return f"""## Training

The recipe `{RECIPE}` beside plain `model.fit` of the same network: whole epochs of {runs[0].digits:,} digits with
validation, ours with its checkpoint, one after the other and in an order that alternates, until both have reached a
validation accuracy of {ACCURACY:.0%}. How many epochs that takes is luck of the seed; what an epoch takes is not.

{table(head, rows)}
"""


def epochs_to(accuracies: list[float]) -> int | None:
    """Return after how many epochs the accuracy was reached for the first time; None if it never was."""
    reached = [number for number, accuracy in enumerate(accuracies, 1) if accuracy >= ACCURACY]
    return reached[0] if reached else None


def _rate(runs: list[LapRun], times_s: list[float]) -> str:
    """Write the median of the training digits a second."""
    rates = [run.digits / time_s for run, time_s in zip(runs, times_s, strict=True)]
    return digits(statistics.median(rates))


def _goal(epochs: int | None, total_s: float) -> list[str]:
    """Write the epochs and seconds that it took to the accuracy."""
    return [str(epochs), digits(total_s)] if epochs else [NOTHING, NOTHING]


def _last_line(log: Path) -> str:
    """Return the last line of a log."""
    lines = log.read_text(errors="replace").strip().splitlines()
    return (lines or ["nothing was printed"])[-1][:200]


STUDY = Study("training", LapRun, measure, render, is_slow=True)
