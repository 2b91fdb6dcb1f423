"""Command line of the training pipeline: `python -m training train|export|reproduce|results`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault(
    "TF_CPP_MIN_LOG_LEVEL", "2"
)  # before TensorFlow is imported by a module below

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from training.data import load_mnist
from training.errors import TrainingError
from training.evidence import score_run, write_evidence, write_results_page
from training.export import export
from training.recipes import DEFAULT_SEED, RECIPES, Recipe, find_recipe
from training.run import EpochRecord, TrainedRun, read_state, train

RUNS = Path("runs")
DOCS = Path("docs")
console = Console()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 if it succeeded, 1 if it failed for a reason that it prints."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except TrainingError as error:
        Console(stderr=True).print(str(error), style="red", markup=False)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    """Describe the commands."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(required=True)

    command = commands.add_parser("train", help="train one recipe, or go on with a stopped run")
    _add_recipe(command)
    command.add_argument("--seed", type=int, default=DEFAULT_SEED)
    command.add_argument("--out", type=Path, help="run directory (default: runs/RECIPE-SEED)")
    command.set_defaults(run=_train_command)

    command = commands.add_parser("export", help="write the bundle of a finished run")
    command.add_argument("run_dir", type=Path)
    command.add_argument("--name", default="digits")
    command.add_argument("--version", default="1")
    command.add_argument("--models", type=Path, default=Path("models"))
    command.add_argument("--replace", action="store_true", help="replace the bundle that is there")
    command.set_defaults(run=_export_command)

    command = commands.add_parser("reproduce", help="train several seeds and write docs/results.md")
    _add_recipe(command)
    command.add_argument("--seeds", type=int, default=5)
    command.set_defaults(run=_reproduce_command)

    command = commands.add_parser("results", help="generate docs/results.md anew")
    command.set_defaults(run=lambda _options: write_results_page(DOCS))
    return parser


def _add_recipe(command: argparse.ArgumentParser) -> None:
    """Add the choice of the recipe."""
    command.add_argument("--recipe", default="textbook", help=f"one of {', '.join(RECIPES)}")


def _train_command(options: argparse.Namespace) -> None:
    """Train, and print how the network does on the test digits."""
    recipe = find_recipe(options.recipe)
    out = options.out or RUNS / f"{recipe.name}-{options.seed}"
    mnist = load_mnist()
    result = score_run(_train_visibly(recipe, options.seed, out), mnist)
    console.print(
        f"Test accuracy {result.test_accuracy:.2%}, loss {result.test_loss:.4f}; run in {out}"
    )


def _export_command(options: argparse.Namespace) -> None:
    """Export a finished run."""
    state = read_state(options.run_dir)
    mnist = load_mnist()
    run = train(find_recipe(state.recipe), options.run_dir, mnist, seed=state.seed)
    place = options.models / options.name / options.version
    bundle = export(run, mnist, place, replace=options.replace)
    console.print(f"{place}: test accuracy {bundle.manifest.metrics.test.accuracy:.2%}")


def _reproduce_command(options: argparse.Namespace) -> None:
    """Train what is missing, score every seed, write the evidence."""
    recipe = find_recipe(options.recipe)
    if options.seeds < 2:
        raise TrainingError(f"--seeds is {options.seeds}; a standard deviation needs at least 2.")
    mnist = load_mnist()
    results = [
        score_run(_train_visibly(recipe, seed, RUNS / f"{recipe.name}-{seed}"), mnist)
        for seed in range(1, options.seeds + 1)
    ]
    write_evidence(recipe, results, DOCS)
    console.print(f"Wrote {DOCS / 'results.md'}")


def _train_visibly(recipe: Recipe, seed: int, out: Path) -> TrainedRun:
    """Train with a live bar and one line an epoch."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(f"{recipe.name}, seed {seed}")

        def on_step(epoch: int, done: int, steps: int, scores: dict[str, float]) -> None:
            bar.update(
                task,
                total=recipe.epochs * steps,
                completed=epoch * steps + done,
                description=f"epoch {epoch + 1}/{recipe.epochs} loss {scores.get('loss', 0):.4f}",
            )

        def on_epoch(epoch: int, record: EpochRecord) -> None:
            bar.console.print(
                f"Epoch {epoch + 1}/{recipe.epochs} - {record['seconds']:.0f}s"
                f" - loss: {record['loss']:.4f} - accuracy: {record['accuracy']:.4f}"
                f" - val_loss: {record['val_loss']:.4f} - val_accuracy: {record['val_accuracy']:.4f}"
            )

        return train(recipe, out, load_mnist(), seed=seed, on_step=on_step, on_epoch=on_epoch)


if __name__ == "__main__":
    sys.exit(main())
