"""`digitserve predict`: images to digits, by a model here or by a service.

file -> bytes -> recognise (local or remote) -> the JSON of /predict -> bars or a line of JSON
"""

import argparse
import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from service.cli import (
    ExitCode,
    FileRefusedError,
    ServiceUnusableError,
    UsageError,
    describe,
    read_file,
    read_settings,
)
from service.errors import UploadError
from service.keys import is_key

if TYPE_CHECKING:
    import httpx
    from rich.console import Console

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 60.0  # of one prediction; a busy service takes seconds
BAR_WIDTH = 40  # characters of a probability of 1
OUR_PROBLEMS = "urn:problem-type:digitserve:"

Recognise = Callable[[bytes], dict[str, Any]]
"""Turns the bytes of an image into the JSON of `/predict`."""


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
    with connect(arguments.url, arguments.key, read_timeout_s=READ_TIMEOUT_S) as client:
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
    from service.answers import answer_prediction
    from service.preprocessing import preprocess
    from service.recognition import Models

    settings = read_settings()
    models = Models.load(settings.models_dir, default=settings.model, engine=settings.engine)
    model = models.find(model_name)

    def recognise(upload: bytes) -> dict[str, Any]:
        prediction = model.predict(preprocess(upload, settings.upload_limits))
        answer = answer_prediction(model, prediction)
        return answer.model_dump(by_alias=True, exclude_none=True)

    return recognise


def _remote(client: "httpx.Client", model_name: str | None) -> Recognise:
    """Send images to a service."""

    def recognise(upload: bytes) -> dict[str, Any]:
        response = client.post("predict", content=upload, params=model_query(model_name))
        check(response)
        return read_json(response)

    return recognise


def model_query(model_name: str | None) -> dict[str, str]:
    """Return the query of a request for a model."""
    return {} if model_name is None else {"model": model_name}


@contextmanager
def connect(
    url: str, key: str | None, *, read_timeout_s: float | None
) -> "Generator[httpx.Client]":
    """Open a client of the service at a URL.

    Args:
        url: Where the service is; a path in front of its routes is kept.
        key: API key, if the service asks for one.
        read_timeout_s: Longest silence of the service in seconds; None: it may be silent for ever.

    Raises:
        ServiceUnusableError: If a request in the context gets no answer.
        UsageError: If no header can carry the key.
    """
    import httpx

    if key and not is_key(key):
        raise UsageError("The key has a space or a character beyond ASCII. Give it as you got it.")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    timeout = httpx.Timeout(CONNECT_TIMEOUT_S, read=read_timeout_s)
    try:
        with httpx.Client(base_url=url, headers=headers, timeout=timeout) as client:
            yield client
    except (httpx.RequestError, httpx.InvalidURL) as cause:
        raise ServiceUnusableError(
            f"No answer from {url} ({type(cause).__name__}). Start it with `digitserve serve`, or "
            "give the URL that it prints."
        ) from cause


def check(response: "httpx.Response") -> None:
    """Pass an answer of status 200.

    Args:
        response: The answer, its body read.

    Raises:
        FileRefusedError: If the service cannot use the file.
        UsageError: If the service has no such model, or asks for another key.
        ServiceUnusableError: If it failed, or is no digitserve.
    """
    if response.status_code == 200:
        return
    problem = read_json(response)
    kind = str(problem.get("type", ""))
    if not kind.startswith(OUR_PROBLEMS) or "detail" not in problem:
        raise _no_digitserve(response)
    refuse(str(problem["detail"]), response.status_code, kind=kind)


def refuse(detail: str, status: int, *, kind: str = "") -> None:
    """Raise what a problem of the service means here; see `check`."""
    if kind.endswith(":unknown-model"):
        raise UsageError(detail)
    if status in {401, 403}:
        raise UsageError(
            "The service asks for a key, or for another: give --key or DIGITSERVE_KEY."
        )
    if status in {413, 415, 422}:
        raise FileRefusedError(detail)
    raise ServiceUnusableError(f"The service answered with status {status}: {detail}")


def read_json(response: "httpx.Response") -> dict[str, Any]:
    """Read the JSON object of an answer.

    Raises:
        ServiceUnusableError: If it is none.
    """
    try:
        body = response.json()
    except ValueError as cause:
        raise _no_digitserve(response) from cause
    if not isinstance(body, dict):
        raise _no_digitserve(response)
    return body


def _no_digitserve(response: "httpx.Response") -> ServiceUnusableError:
    return ServiceUnusableError(
        f"{response.url} answered with status {response.status_code}, but not as digitserve does. "
        "Give the URL that `digitserve serve` prints."
    )


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
