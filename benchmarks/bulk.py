"""Bulk: many small pictures in one request, beside the same one by one.

256 digits -> a zip, or a form -> `/predict/batch` -> images a second, beside `/predict` on 1 and 16 connections
"""

import http.client
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmarks import processes
from benchmarks.catalogue import BUNDLE, make_digitserve
from benchmarks.environments import cache_folder, prepare
from benchmarks.errors import BenchmarkError
from benchmarks.load import drive
from benchmarks.pictures import encode, make_pictures
from benchmarks.server import RunningServer, running
from benchmarks.study import Extent, Study
from benchmarks.tables import median, ratios, spread, table
from benchmarks.uploads import Body, Upload, write_form

NUM_IMAGES = 256  # the most that a batch may hold by default
PATH = "/predict/batch"
BATCH_LENGTH = (
    3  # times the extent's seconds: the batch that is cut off at the end counts little then
)
LEAST_RIGHT = 0.95  # share of the validation digits that the network reads

Way = Literal["one by one", "16 connections", "batch, zip", "batch, form"]
WAYS: tuple[Way, ...] = ("one by one", "16 connections", "batch, zip", "batch, form")


@dataclass(frozen=True)
class BulkRun:
    """One run.

    Attributes:
        round: Number of the round, from 0.
        way: How the images were sent.
        images_per_s: Images answered a second.
        cpu_us: CPU time of the service for one image, in microseconds.
    """

    round: int
    way: Way
    images_per_s: float
    cpu_us: float


@dataclass(frozen=True)
class Batch:
    """A request of many images.

    Attributes:
        body: The whole body.
        content_type: Value of the header.
        labels: The digits on the images, in order.
    """

    body: bytes
    content_type: str
    labels: tuple[int, ...]


def make_batches() -> dict[Way, Batch]:
    """Put the bundle's first validation digits into a zip and into a form."""
    with np.load(BUNDLE / "assets.extra" / "validation.npz") as data:
        images, labels = data["images"][:NUM_IMAGES], data["labels"][:NUM_IMAGES]
    files = {f"{index:03}.png": encode(image, "PNG") for index, image in enumerate(images)}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    form, content_type = write_form(files, "image/png")
    shown = tuple(int(label) for label in labels)
    return {
        "batch, zip": Batch(packed.getvalue(), "application/zip", shown),
        "batch, form": Batch(form, content_type, shown),
    }


def measure(extent: Extent) -> list[BulkRun]:
    """Measure every way in turn on one server, in an order that rotates."""
    single, batches = Upload(make_pictures(BUNDLE)[0], "raw"), make_batches()
    contender = make_digitserve("")
    with running(contender, prepare(contender), single, cache_folder() / "bulk.log") as server:
        for batch in batches.values():
            check_batch(server, batch)
        return [
            _run(server, way, batches.get(way, single), number, extent.seconds)
            for number in range(extent.rounds)
            for way in (*WAYS[number % 4 :], *WAYS[: number % 4])
        ]


def _run(server: RunningServer, way: Way, body: Body, number: int, seconds: int) -> BulkRun:
    """Send one way for some seconds."""
    is_batch = isinstance(body, Batch)
    images = NUM_IMAGES if is_batch else 1
    url = server.url_of(PATH) if is_batch else server.url
    seconds *= BATCH_LENGTH if is_batch else 1
    connections = 16 if way == "16 connections" else 1
    cpu_before_s = processes.cpu_s(server.pid)
    load = drive(url, body, connections=connections, seconds=seconds)
    cpu_s = processes.cpu_s(server.pid) - cpu_before_s
    if not load.requests or load.failed:
        raise BenchmarkError(
            f"{way}: {load.requests} requests answered in {seconds} s, {load.failed} failed."
        )
    answered = load.requests * images
    return BulkRun(number, way, answered / load.duration_s, cpu_s / answered * 1e6)


def check_batch(server: RunningServer, batch: Batch) -> None:
    """Send a batch once, and compare the answers with its labels.

    Raises:
        BenchmarkError: If there are fewer answers than images, or too many are wrong.
    """
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("POST", PATH, batch.body, {"Content-Type": batch.content_type})
    answer = connection.getresponse().read()
    connection.close()
    check_lines(answer, batch.labels)


def check_lines(answer: bytes, labels: tuple[int, ...]) -> None:
    """Compare the lines of an answer with labels.

    Raises:
        BenchmarkError: If there are fewer lines than labels, or too many are wrong.
    """
    digits = [json.loads(line).get("class") for line in answer.splitlines()]
    right = sum(digit == label for digit, label in zip(digits, labels, strict=False))
    if len(digits) != len(labels) or right < LEAST_RIGHT * len(labels):
        raise BenchmarkError(f"Of {len(labels)} images {right} are right in {len(digits)} answers.")


def render(runs: list[BulkRun]) -> str:
    """Render the section."""
    head = ["sent", "images/s", "to one by one", "to 16 connections", "CPU, µs/image"]
    return f"""## Bulk

28x28 PNGs to digitserve with one worker: one a request, on one connection and on 16, and {NUM_IMAGES} in one request to
`{PATH}` on one connection. Ratios are images a second over those of the same round.

{table(head, [_row(runs, way) for way in WAYS])}
"""


def _row(runs: list[BulkRun], way: Way) -> list[str]:
    """One line of the table."""
    rates = _by_round(runs, way, lambda run: run.images_per_s)
    bases: tuple[Way, ...] = ("one by one", "16 connections")
    return [
        way,
        median(list(rates.values())),
        *(
            spread(ratios(_by_round(runs, base, lambda run: run.images_per_s), rates))
            for base in bases
        ),
        median(list(_by_round(runs, way, lambda run: run.cpu_us).values())),
    ]


def _by_round(runs: list[BulkRun], way: Way, value: Callable[[BulkRun], float]) -> dict[int, float]:
    """Return a figure by round."""
    return {run.round: value(run) for run in runs if run.way == way}


STUDY = Study("bulk", BulkRun, measure, render)
