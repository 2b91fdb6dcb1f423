"""Command line of the training pipeline: `python -m training train|export|import|reproduce|...`."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from rich.console import Console

from service.bundle import Bundle, find_bundles
from service.errors import BundleError
from service.preprocessing import PREPROCESSING_VERSION
from training.cluster import STRATEGIES, Cluster, find_cluster
from training.data import Mnist, load_mnist
from training.distributed import Chief, follow
from training.errors import TrainingError
from training.evaluation import evaluate_run
from training.evidence import score_seed, write_recipe_result
from training.export import export
from training.failures import Exhibit, find_failures, write_failures_picture
from training.foreign import open_foreign
from training.model_card import CARD_MODEL
from training.progress import render_visibly, train_visibly
from training.recipes import DEFAULT_SEED, RECIPES, Recipe, find_recipe
from training.report import ReportMaterial, write_report
from training.results_page import write_results_page
from training.run import Train, TrainedRun, open_run, train
from training.timing import time_epochs, write_epoch_times
from training.upload_benchmark import rendered_uploads
from training.upload_results import (
    keep_skipped,
    measure_uploads,
    read_upload_results,
    upload_results_path,
    write_upload_results,
)

INTERRUPTED = 130  # 128 + SIGINT, as shells report it
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
REPORT = "report"  # folder of the report within a run directory


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 after success, 1 after a failure that it explained on standard error, 130 after Ctrl-C;
        argparse exits with 2 where the command line is wrong.
    """
    options = _parser().parse_args(arguments)
    console = Console()
    try:
        options.run(options, console)
    except (BundleError, TrainingError) as error:
        Console(stderr=True).print(f"Error: {error}", markup=False, highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        Console(stderr=True).print("Stopped. The same command goes on after the last epoch.")
        return INTERRUPTED
    return 0


def _parser() -> argparse.ArgumentParser:
    """Describe the commands."""
    parser = argparse.ArgumentParser(prog="python -m training", description="Train and export.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for describe in (
        *(_describe_train, _describe_export, _describe_import),
        *(_describe_reproduce, _describe_time, _describe_benchmark, _describe_results),
    ):
        describe(commands)
    return parser


def _describe_train(commands: Commands) -> None:
    """Describe the command `train`."""
    command = commands.add_parser("train", help="train a recipe, or go on with a stopped run")
    _add_recipe(command)
    command.add_argument("--seed", type=_count, default=DEFAULT_SEED)
    command.add_argument("--out", type=Path, help="run directory (default: runs/RECIPE-SEED)")
    command.add_argument(
        "--strategy",
        choices=STRATEGIES,
        default="none",
        help="who trains: this process, all its GPUs, or the workers of TF_CONFIG (default: none)",
    )
    command.set_defaults(run=_train)


def _describe_export(commands: Commands) -> None:
    """Describe the command `export`."""
    command = commands.add_parser("export", help="write the bundle of a finished run")
    command.add_argument("run_dir", type=Path, metavar="RUN_DIR")
    _add_place(command)
    command.set_defaults(run=_export)


def _describe_import(commands: Commands) -> None:
    """Describe the command `import`."""
    command = commands.add_parser("import", help="write the bundle of a network trained elsewhere")
    command.add_argument(
        "path", type=Path, metavar="DIR_OR_FILE", help="a SavedModel, or a .keras or .h5 file"
    )
    _add_place(command)
    command.set_defaults(run=_import)


def _describe_reproduce(commands: Commands) -> None:
    """Describe the command `reproduce`."""
    command = commands.add_parser("reproduce", help="train several seeds and write docs/results.md")
    _add_recipe(command)
    command.add_argument("--seeds", type=_several, default=5, help="seeds 1 to N (default: 5)")
    command.add_argument("--runs", type=Path, default=Path("runs"), help="where the runs lie")
    _add_docs(command)
    command.set_defaults(run=_reproduce)


def _describe_time(commands: Commands) -> None:
    """Describe the command `time`."""
    command = commands.add_parser("time", help="time epochs beside plain Keras, for results.md")
    _add_recipe(command)
    command.add_argument("--rounds", type=_several, default=6, help="epochs of each kind")
    command.add_argument("--share", type=_share, default=0.25, help="share of the digits, 0..1")
    _add_docs(command)
    command.set_defaults(run=_time)


def _describe_benchmark(commands: Commands) -> None:
    """Describe the command `benchmark`."""
    command = commands.add_parser("benchmark", help="measure bundles on uploads, for results.md")
    command.add_argument("--models", type=Path, default=Path("models"))
    command.add_argument("--per-kind", type=_several, default=200, help="rendered files of a kind")
    command.add_argument("--uploads", type=Path, help="folder of real uploads with a labels.csv")
    command.add_argument("--uci", type=Path, help="UCI's digits, scikit-learn's digits.csv.gz")
    _add_docs(command)
    command.set_defaults(run=_benchmark)


def _describe_results(commands: Commands) -> None:
    """Describe the command `results`."""
    command = commands.add_parser("results", help="generate docs/results.md anew")
    _add_docs(command)
    command.set_defaults(run=_results)


def _add_recipe(command: argparse.ArgumentParser) -> None:
    """Add the choice of the recipe."""
    command.add_argument("--recipe", default="textbook", help=f"one of {', '.join(RECIPES)}")


def _add_place(command: argparse.ArgumentParser) -> None:
    """Add where a bundle goes."""
    command.add_argument("--name", default="digits", help="name of the model (default: digits)")
    command.add_argument("--version", default="1", help="version of the model (default: 1)")
    command.add_argument("--models", type=Path, default=Path("models"))
    command.add_argument("--replace", action="store_true", help="replace the bundle that is there")


def _add_docs(command: argparse.ArgumentParser) -> None:
    """Add the place of the documentation."""
    command.add_argument("--docs", type=Path, default=Path("docs"))


def _count(text: str) -> int:
    """Read a whole number from 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 0")
    return int(text)


def _several(text: str) -> int:
    """Read a whole number from 2, so that there is a standard deviation."""
    if not text.isdecimal() or int(text) < 2:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 2")
    return int(text)


def _share(text: str) -> float:
    """Read a share."""
    share = float(text)
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and at most 1")
    return share


def _train(options: argparse.Namespace, console: Console) -> None:
    """Train, score, report."""
    recipe = find_recipe(options.recipe)
    out_dir = options.out or Path("runs") / f"{recipe.name}-{options.seed}"
    mnist = load_mnist()
    train_run: Train = train
    if options.strategy != "none":
        cluster = find_cluster(options.strategy)
        if not cluster.is_chief:
            _follow(cluster, recipe, mnist, options.seed, console)
            return
        train_run = Chief(cluster).train
    run = train_visibly(recipe, out_dir, mnist, seed=options.seed, console=console, train=train_run)
    _report(run, mnist, options.seed, console)


def _follow(cluster: Cluster, recipe: Recipe, mnist: Mnist, seed: int, console: Console) -> None:
    """Train as a worker that is not the chief."""
    render_visibly(recipe, None, mnist, console)
    follow(cluster, recipe, mnist, seed=seed)
    console.print(f"Worker {cluster.index} is done; worker 0 has the run.")


def _report(run: TrainedRun, mnist: Mnist, seed: int, console: Console) -> None:
    """Score a run on the test digits and report it."""
    evaluation = evaluate_run(run, mnist)
    material = ReportMaterial(
        recipe=run.recipe.name,
        seed=seed,
        model=run.network,
        history=run.history,
        test_images=mnist.test_images,
        test_labels=mnist.test_labels,
        probabilities=evaluation.test_probabilities,
        scores=evaluation.test,
    )
    write_report(run.directory / REPORT, material)
    console.print(
        f"Test accuracy {evaluation.test.accuracy:.2%}, loss {evaluation.test.loss:.4f}. "
        f"Report: {run.directory / REPORT / 'index.html'}",
        soft_wrap=True,
    )


def _export(options: argparse.Namespace, console: Console) -> None:
    """Export a finished run, with its report if it has one."""
    mnist = load_mnist()
    report = options.run_dir / REPORT
    run = open_run(options.run_dir, mnist)
    _write_bundle(options, console, run, mnist, report if report.is_dir() else None)


def _import(options: argparse.Namespace, console: Console) -> None:
    """Export a network that was trained elsewhere."""
    mnist = load_mnist()
    _write_bundle(options, console, open_foreign(options.path, mnist), mnist, None)


def _write_bundle(
    options: argparse.Namespace,
    console: Console,
    run: TrainedRun,
    mnist: Mnist,
    report: Path | None,
) -> None:
    """Write the bundle of a run where the options say."""
    place = options.models / options.name / options.version
    bundle = export(run, mnist, place, report=report, replace=options.replace)
    accuracy = bundle.manifest.metrics.test.accuracy
    console.print(f"Exported {bundle.path}: test accuracy {accuracy:.2%}.", soft_wrap=True)


def _reproduce(options: argparse.Namespace, console: Console) -> None:
    """Train what is missing, then score every seed, then write the evidence."""
    recipe = find_recipe(options.recipe)
    mnist = load_mnist()
    runs = [
        train_visibly(
            recipe, options.runs / f"{recipe.name}-{seed}", mnist, seed=seed, console=console
        )
        for seed in range(1, options.seeds + 1)
    ]
    write_recipe_result(recipe, [score_seed(run, mnist) for run in runs], options.docs)
    _results(options, console)


def _time(options: argparse.Namespace, console: Console) -> None:
    """Time epochs and write the evidence."""
    recipe = find_recipe(options.recipe)
    times = time_epochs(recipe, load_mnist(), rounds=options.rounds, share=options.share)
    write_epoch_times(times, options.docs)
    cpu = times.ratio(lambda cost: cost.cpu_s)
    wall = times.ratio(lambda cost: cost.wall_s)
    console.print(
        f"Our epoch costs {cpu:.2f} of plain Keras's CPU time, {wall:.2f} of its wall time."
    )
    _results(options, console)


def _benchmark(options: argparse.Namespace, console: Console) -> None:
    """Measure every bundle on uploads and write the evidence."""
    bundles = {
        name: Bundle.read(path, preprocessing_version=PREPROCESSING_VERSION)
        for name, path in find_bundles(options.models).items()
    }
    path = upload_results_path(options.docs)
    previous = read_upload_results(path) if path.is_file() else None
    results = measure_uploads(
        bundles,
        per_kind=options.per_kind,
        real=options.uploads,
        uci=options.uci,
        say=console.print,
    )
    if previous:
        results = keep_skipped(results, previous, console.print)
    exhibits = _exhibits(bundles, options.per_kind)
    write_failures_picture(exhibits, options.docs)
    failures = [exhibit.failure for exhibit in exhibits]
    write_upload_results(replace(results, failures=failures), options.docs)
    _results(options, console)


def _exhibits(bundles: dict[str, Bundle], per_kind: int) -> list[Exhibit]:
    """Collect the failures of the model that the card describes; none where it was not measured."""
    if CARD_MODEL not in bundles:
        return []
    bundle = bundles[CARD_MODEL]
    return find_failures(bundle, rendered_uploads(bundle.validation_set(), per_kind))


def _results(options: argparse.Namespace, console: Console) -> None:
    """Generate the page anew."""
    console.print(f"Wrote {write_results_page(options.docs)}.", soft_wrap=True)
