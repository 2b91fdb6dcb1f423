"""The budget of one upload: where the time goes, from the socket to the JSON.

    service under load - bare server under load = the application; its large stages as it times them itself,
    the small ones in a loop in this process

What no stage accounts for is routing and dependencies: middleware, FastAPI, the log line.
"""

import http.client
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks import processes
from benchmarks.catalogue import ROOT, Contender
from benchmarks.environments import cache_folder, prepare
from benchmarks.load import drive
from benchmarks.pictures import Picture
from benchmarks.server import HOST, RunningServer, running
from benchmarks.uploads import Upload
from service.answers.writing import answer_prediction
from service.inference.models import Models
from service.intake.uploads import single_file, split_files
from service.preprocessing import UploadLimits, canonicalise, open_image

MODEL = "digits"
STAGE_REPEATS = 5  # batches of calls, of which the median counts
TIMED_REQUESTS = 100  # for each second of a load; their medians count

SERVICE = Contender(
    "service",
    "digitserve",
    ("python", "-m", "service", "serve", "--port", "{port}"),
    environment={"DIGITSERVE_MODEL": MODEL},
)
BARE = Contender(
    "bare server",
    "digitserve",
    (
        *("uvicorn", "benchmarks.bare_app:app", "--port", "{port}", "--lifespan", "off"),
        *("--no-access-log", "--loop", "uvloop", "--http", "httptools"),
    ),
)


@dataclass(frozen=True)
class Budget:
    """Where the time of one upload goes, in microseconds: CPU time, but wall time of what the service times itself.

    Attributes:
        upload: What was sent, and how.
        server_us: Socket, HTTP, ASGI: what a bare server takes.
        routing_us: Middleware, routing, dependencies, log: what no other part explains.
        body_us: Taking the body apart.
        decode_us: Opening the image and decoding it to grey; small plain PNGs are decoded as they are opened.
        preprocess_us: Finding the digit and bringing it to the canonical form.
        model_us: The network.
        answer_us: Writing the JSON.
        total_us: The whole of the service.
        alone_us: Decoding and the network in a loop of their own, where caches are warm.
    """

    upload: str
    server_us: float
    routing_us: float
    body_us: float
    decode_us: float
    preprocess_us: float
    model_us: float
    answer_us: float
    total_us: float
    alone_us: float


def measure_budgets(pictures: list[Picture], *, rounds: int, seconds: int) -> list[Budget]:
    """Measure a raw and a multipart upload of the first picture, and a raw one of the others.

    Args:
        pictures: What to upload.
        rounds: How often both servers are loaded, in turn.
        seconds: Length of a load, in seconds.
    """
    uploads = [Upload(pictures[0], "raw"), Upload(pictures[0], "multipart")]
    uploads += [Upload(picture, "raw") for picture in pictures[1:]]
    environment, log = prepare(SERVICE), cache_folder()
    with (
        running(SERVICE, environment, uploads[0], log / "service.log") as service,
        running(BARE, environment, None, log / "bare.log") as bare,
    ):
        models = Models.load(ROOT / "models", default=MODEL, engine="litert")
        return [
            _measure(upload, models, (service, bare), rounds=rounds, seconds=seconds)
            for upload in uploads
        ]


def _measure(
    upload: Upload,
    models: Models,
    servers: tuple[RunningServer, RunningServer],
    *,
    rounds: int,
    seconds: int,
) -> Budget:
    """Measure one upload."""
    pairs = [[cpu_us(server, upload, seconds) for server in servers] for _ in range(rounds)]
    total_us, server_us = (statistics.median(side) for side in zip(*pairs, strict=True))
    alone = time_alone(upload.body, models)
    stages = {
        **read_stages(servers[0], upload, TIMED_REQUESTS * seconds),
        "body_us": alone["body_us"],
        "answer_us": alone["answer_us"],
    }
    return Budget(
        upload=f"{upload.picture.description}, {upload.form}",
        server_us=server_us,
        routing_us=max(0.0, total_us - server_us - sum(stages.values())),
        total_us=total_us,
        alone_us=alone["decode_us"] + alone["model_us"],
        **stages,
    )


def cpu_us(server: RunningServer, upload: Upload, seconds: int) -> float:
    """Return the CPU time of one request on one connection."""
    before_s = processes.cpu_s(server.pid)
    load = drive(server.url, upload, connections=1, seconds=seconds)
    return (processes.cpu_s(server.pid) - before_s) / load.requests * 1e6


def read_stages(server: RunningServer, upload: Upload, count: int) -> dict[str, float]:
    """Return the medians of the stages that the service times itself, in microseconds, under the names of `Budget`.

    Args:
        server: The service.
        upload: What to send, on one connection.
        count: How often.
    """
    headers = {"Content-Type": upload.content_type}
    connection = http.client.HTTPConnection(HOST, server.port)
    timings = []
    for _ in range(count):
        connection.request("POST", f"{server.path}?detail=true", upload.body, headers)
        with connection.getresponse() as answer:
            answer.read()
            timings.append(parse_timing(answer.headers["Server-Timing"]))
    connection.close()
    names = {"decode_us": "decode", "preprocess_us": "preprocess", "model_us": "model"}
    return {
        name: statistics.median(timing[step] for timing in timings) for name, step in names.items()
    }


def parse_timing(header: str) -> dict[str, float]:
    """Read a header `Server-Timing`: how long each step took, in microseconds."""
    steps = (step.partition(";dur=") for step in header.split(", "))
    return {name: float(milliseconds) * 1e3 for name, _, milliseconds in steps}


def time_alone(body: bytes, models: Models) -> dict[str, float]:
    """Time stages of one upload in this process, each in a loop of its own, in microseconds."""
    model, limits = models.find(None), UploadLimits()
    content = single_file(split_files(body))
    prediction = model.predict(canonicalise(open_image(content, limits).decode()))

    def write() -> None:
        answer_prediction(model, prediction).model_dump_json(by_alias=True, exclude_none=True)

    return {
        "body_us": time_us(lambda: single_file(split_files(body))),
        "decode_us": time_us(lambda: open_image(content, limits).decode()),
        "model_us": time_us(lambda: model.predict(prediction.seen)),
        "answer_us": time_us(write),
    }


def time_us(stage: Callable[[], object]) -> float:
    """Return the CPU time of one call: the median of a few batches, long enough for the clock."""
    stage()
    started = time.process_time()
    stage()
    calls = int(np.clip(0.02 / max(time.process_time() - started, 1e-6), 1, 2000))
    times = []
    for _ in range(STAGE_REPEATS):
        started = time.process_time()
        for _ in range(calls):
            stage()
        times.append((time.process_time() - started) / calls * 1e6)
    return statistics.median(times)
