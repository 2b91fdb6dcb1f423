"""`digitserve evaluate`: labelled digits to scores, by a model here or by a service.

files -> bytes -> evaluate (local or remote), with progress -> the JSON of /evaluate -> tables
"""

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from service.cli.files import describe, read_file
from service.cli.options import add_model, add_service, read_settings
from service.cli.outcomes import ExitCode, FileRefusedError, fail
from service.cli.remote import connect, meanings
from service.errors import UploadError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from service.evaluation.evaluating import OnProgress

SUMMARY = "Score a model on labelled digits."
MAX_REJECTED_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="a zip of <label>/<any>.png, an npz, or an IDX image file and its label file; - is "
        "standard input; nothing means the bundle's own evaluation set",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_service(parser)
    add_model(parser)


def run(arguments: argparse.Namespace) -> int:
    """Evaluate the files, or the bundle's own evaluation set if there are none.

    Raises:
        BundleError: If a bundle here cannot be used.
        ServiceUnusableError: If the service at the URL cannot be used.
        UnknownModelError: If there is no such model here.
        UsageError: If the service has no such model, or a setting is wrong.
    """
    try:
        files = [_read(name) for name in arguments.files]
        with _progress() as progress:
            bar = progress.add_task("Evaluating", total=None)

            def on_progress(done: int, total: int) -> None:
                progress.update(bar, completed=done, total=total)

            if arguments.url is None:
                result = _local(files, arguments.model, on_progress)
            else:
                result = _remote(arguments, files, on_progress)
    except (UploadError, FileRefusedError) as error:
        if arguments.json:
            print(json.dumps({"error": str(error)}))
            return ExitCode.FILE_FAILED
        return fail(error, ExitCode.FILE_FAILED)
    if arguments.json:
        print(json.dumps(result))
    else:
        _draw(result)
    return ExitCode.FILE_FAILED if result["rejected"] else ExitCode.OK


def _read(name: str) -> bytes:
    """Read a file of labelled data, or say which one cannot be read."""
    try:
        return read_file(name)
    except OSError as cause:
        raise FileRefusedError(f"{name}: {describe(cause)}") from cause


def _progress() -> "Progress":
    """Return a progress bar that shows itself only on a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    return Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())


def _local(files: list[bytes], model_name: str | None, on_progress: "OnProgress") -> dict[str, Any]:
    """Load the models into this process and evaluate one, as `/evaluate` does."""
    from service.answers.writing import answer_evaluation
    from service.evaluation.evaluating import evaluate_files
    from service.inference.models import Models

    settings = read_settings()
    models = Models.load(settings.models_dir, default=settings.model, engine=settings.engine)
    model = models.find(model_name)
    evaluation = evaluate_files(model, files, settings.evaluation_limits, on_progress)
    return answer_evaluation(model, evaluation).model_dump(mode="json")


def _remote(
    arguments: argparse.Namespace, files: list[bytes], on_progress: "OnProgress"
) -> dict[str, Any]:
    """Let a service evaluate, and follow its events."""
    with connect(arguments) as client, meanings():
        evaluation = client.evaluate(*files, model=arguments.model, on_progress=on_progress)
    return dict(evaluation.json)


def _draw(result: dict[str, Any]) -> None:
    """Show scores to a person."""
    from rich.console import Console

    console = Console(highlight=False)
    model, interval = result["model"], result["accuracy_interval"]
    console.print(
        f"Model              {model['name']} {model['version']}\n"
        f"Digits             {result['n']} in {result['duration_s']:.1f} s\n"
        f"Accuracy           {result['accuracy']:.2%} "
        f"(95 % interval {interval['low']:.2%} to {interval['high']:.2%})\n"
        f"Loss               {result['loss']:.4f} nats\n"
        f"Calibration error  {result['calibration_error']:.4f}",
        markup=False,
        soft_wrap=True,
    )
    _draw_confusion(console, result["confusion_matrix"])
    rejected = result["rejected"]
    if rejected:
        console.print(f"Left out of the scores: {len(rejected)}", style="yellow")
    for entry in rejected[:MAX_REJECTED_SHOWN]:
        console.print(f"  {entry['name']}: {entry['detail']}", markup=False, soft_wrap=True)
    if len(rejected) > MAX_REJECTED_SHOWN:
        console.print(f"  and {len(rejected) - MAX_REJECTED_SHOWN} more; --json names them all")


def _draw_confusion(console: "Console", matrix: list[list[int]]) -> None:
    """Draw the confusion matrix: right answers bold, nothing as a dot."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title="Rows: the label. Columns: the answer.", box=None)
    table.add_column("", justify="right", style="bold")
    for digit in range(10):
        table.add_column(str(digit), justify="right")
    for label, row in enumerate(matrix):
        cells = [
            Text(str(count) if count else ".", style="green" if label == answer else "")
            for answer, count in enumerate(row)
        ]
        table.add_row(str(label), *cells)
    console.print(table)
