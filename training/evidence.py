"""Evidence: every recipe over several seeds, and epochs timed beside plain Keras, as JSON.

seeds -> runs (trained, resumed or reused) -> scores of the exported function -> docs/results/*.json

The files are the source of the page that `training.results_page` generates.
"""

import importlib.metadata
import json
import platform
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from training.checkpoints import write_text
from training.corpus import count_cores
from training.data import Mnist
from training.errors import ResultsError
from training.evaluation import evaluate_run
from training.recipes import Recipe
from training.run import TrainedRun

LIBRARIES = ("tensorflow", "keras", "numpy")


@dataclass(frozen=True)
class SeedResult:
    """Scores of one run; accuracies 0..1, loss in nats.

    Attributes:
        seed: Seed of the run.
        validation_accuracy: Of the last epoch.
        test_accuracy: On all 10,000 test digits.
        test_loss: Mean cross-entropy on them.
        seconds_per_epoch: Median wall time, validation included.
    """

    seed: int
    validation_accuracy: float
    test_accuracy: float
    test_loss: float
    seconds_per_epoch: float


@dataclass(frozen=True)
class RecipeResult:
    """One recipe over several seeds.

    Attributes:
        recipe: Its name.
        summary: One sentence for people.
        parameters: Number of weights.
        command: What makes this result again.
        machine: Processor, cores and system.
        versions: Python's and the libraries' versions.
        seeds: One result per seed, at least two.
    """

    recipe: str
    summary: str
    parameters: int
    command: str
    machine: str
    versions: str
    seeds: list[SeedResult]

    def over_seeds(self, value: Callable[[SeedResult], float]) -> tuple[float, float]:
        """Mean and sample standard deviation of a figure."""
        values = [value(seed) for seed in self.seeds]
        return statistics.mean(values), statistics.stdev(values)


def score_seed(run: TrainedRun, mnist: Mnist) -> SeedResult:
    """Score a finished run: the exported function on the whole test set, once."""
    evaluation = evaluate_run(run, mnist)
    return SeedResult(
        seed=run.state.seed,
        validation_accuracy=evaluation.validation.accuracy,
        test_accuracy=evaluation.test.accuracy,
        test_loss=evaluation.test.loss,
        seconds_per_epoch=statistics.median(record["seconds"] for record in run.state.history),
    )


def write_recipe_result(recipe: Recipe, seeds: list[SeedResult], docs: Path) -> None:
    """Write `results/<recipe>.json` under the documentation's directory."""
    result = RecipeResult(
        recipe=recipe.name,
        summary=recipe.summary,
        parameters=recipe.network().count_params(),
        command=f"python -m training reproduce --recipe {recipe.name} --seeds {len(seeds)}",
        machine=describe_machine(),
        versions=describe_versions(),
        seeds=seeds,
    )
    text = json.dumps(asdict(result), indent=2) + "\n"
    write_text(docs / "results" / f"{recipe.name}.json", text)


def read_recipe_result(path: Path) -> RecipeResult:
    """Read what `write_recipe_result` wrote.

    Raises:
        ResultsError: If the file is another.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        seeds = [SeedResult(**seed) for seed in document.pop("seeds")]
        return RecipeResult(**document, seeds=seeds)
    except (ValueError, TypeError, KeyError, AttributeError) as cause:
        raise ResultsError(
            f"{path} does not hold the results of a recipe. Remove it, and write it anew with: "
            f"python -m training reproduce --recipe {path.stem}"
        ) from cause


def describe_machine() -> str:
    """Name the processor, its cores and the system."""
    return f"{_processor()}, {count_cores()} cores, {platform.system()} {platform.machine()}"


def describe_versions() -> str:
    """Name the versions of Python and of the libraries that decide over the numbers."""
    libraries = [f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES]
    return ", ".join([f"Python {platform.python_version()}", *libraries])


def _processor() -> str:
    """Return the processor's name as the kernel knows it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown processor"
