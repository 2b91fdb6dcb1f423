"""`digitserve predict`: images to digits, by a model here or by a service.

file -> bytes -> recognise (local or remote) -> the JSON of /predict -> bars or a line of JSON
"""

import argparse
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from service.cli.files import describe, read_file
from service.cli.options import add_model, add_service, read_settings
from service.cli.outcomes import ExitCode, FileRefusedError
from service.cli.remote import connect, meanings
from service.errors import UploadError

if TYPE_CHECKING:
    from rich.console import Console

    from digitserve_client import Client

SUMMARY = "Say which digit is on each image."
BAR_WIDTH = 40  # characters of a probability of 1

Recognise = Callable[[bytes], dict[str, Any]]
"""Turns the bytes of an image into the JSON of `/predict`."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="an image; - is standard input")
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")
    add_service(parser)
    add_model(parser)


def run(arguments: argparse.Namespace) -> int:
    """Recognise every file; one that cannot be used does not stop the others.

    Raises:
        BundleError: If a bundle here cannot be used.
        ServiceUnusableError: If the service at the URL cannot be used.
        UnknownModelError: If there is no such model here.
        UsageError: If the service has no such model, or a setting is wrong.
    """
    show = _show_json if arguments.json else _human_output()
    if arguments.url is None:
        recognise = _local(arguments.model)
        return max(_predict_one(name, recognise, show) for name in arguments.files)
    with connect(arguments) as client:
        recognise = _remote(client, arguments.model)
        return max(_predict_one(name, recognise, show) for name in arguments.files)


def _predict_one(
    name: str, recognise: Recognise, show: Callable[[dict[str, Any]], None]
) -> ExitCode:
    """Recognise one file and show the answer or what is wrong with it."""
    try:
        answer = recognise(read_file(name))
    except (OSError, UploadError, FileRefusedError) as error:
        show({"file": name, "error": describe(error)})
        return ExitCode.FILE_FAILED
    show({"file": name, **answer})
    return ExitCode.OK


def _local(model_name: str | None) -> Recognise:
    """Load the models into this process, without a web framework."""
    from service.answers.writing import answer_prediction
    from service.inference.models import Models
    from service.preprocessing import preprocess
    from service.preprocessing.libtiff import mute_libtiff

    mute_libtiff()
    settings = read_settings()
    models = Models.load(settings.models_dir, default=settings.model, engine=settings.engine)
    model = models.find(model_name)

    def recognise(upload: bytes) -> dict[str, Any]:
        prediction = model.predict(preprocess(upload, settings.upload_limits))
        answer = answer_prediction(model, prediction)
        return answer.model_dump(by_alias=True, exclude_none=True)

    return recognise


def _remote(client: "Client", model_name: str | None) -> Recognise:
    """Send images to a service."""

    def recognise(upload: bytes) -> dict[str, Any]:
        with meanings():
            return dict(client.predict(upload, model=model_name).json)

    return recognise


def _show_json(answer: dict[str, Any]) -> None:
    """Print one line of JSON."""
    print(json.dumps(answer), flush=True)


def _human_output() -> Callable[[dict[str, Any]], None]:
    """Return a function that shows answers to a person."""
    from rich.console import Console

    output, errors = Console(highlight=False), Console(stderr=True, highlight=False)

    def show(answer: dict[str, Any]) -> None:
        if "error" in answer:
            line = f"{answer['file']}: {answer['error']}"
            errors.print(line, style="red", markup=False, soft_wrap=True)
        else:
            _draw(answer, output)

    return show


def _draw(answer: dict[str, Any], console: "Console") -> None:
    """Draw an answer: its headline, its warnings, a bar for each digit."""
    block = "█" if console.encoding.startswith("utf") else "#"
    headline = (
        f"{answer['file']}: {answer['class']}, {answer['confidence']:.1%}, {answer['status']}"
    )
    console.print(headline, style="bold", markup=False, soft_wrap=True)
    for warning in answer["warnings"]:
        console.print(f"  {warning}", style="yellow", markup=False, soft_wrap=True)
    for digit, probability in enumerate(answer["probabilities"]):
        bar = block * round(probability * BAR_WIDTH)
        style = "green" if digit == answer["class"] else None
        console.print(f"  {digit} {probability:6.1%} {bar}", style=style, markup=False)
