"""Large pictures: the whole of an answer beside a plain decoding of the same file.

12-megapixel JPEG -> our answer's JSON | Pillow: decode all of it, grey, resize to 28x28 -> CPU time -> table
                  -> digitserve | FastAPI with that plain decoding -> latency over HTTP -> table
"""

import io
from dataclasses import dataclass, replace
from functools import partial

from PIL import Image

from benchmarks.budget import MODEL, time_us
from benchmarks.catalogue import BUNDLE, ROOT, find_contenders
from benchmarks.environments import cache_folder, prepare
from benchmarks.measure import load_warm
from benchmarks.pictures import LABEL, QUALITY, Picture, make_pictures
from benchmarks.server import running
from benchmarks.study import Extent, Study
from benchmarks.tables import median, spread, table
from benchmarks.uploads import Upload
from service.answers.writing import answer_prediction, write_json
from service.inference.models import Models
from service.inference.recognition import Model
from service.intake.uploads import single_file, split_files
from service.preprocessing import UploadLimits, preprocess

OURS, PLAIN = "digitserve", "fastapi-litert"  # of the comparison, with the same network


@dataclass(frozen=True)
class LargeRun:
    """One run.

    Attributes:
        round: Number of the round, from 0.
        coding: `baseline` or `progressive`.
        our_ms: CPU time of our answer, from body to JSON, in milliseconds.
        pillow_ms: CPU time of decoding and resizing alone.
        our_latency_ms: Median latency over HTTP, as a form on one connection; 0 where it was not measured.
        plain_latency_ms: The same of FastAPI with the same network behind a plain decoding.
    """

    round: int
    coding: str
    our_ms: float
    pillow_ms: float
    our_latency_ms: float = 0.0
    plain_latency_ms: float = 0.0


def measure(extent: Extent) -> list[LargeRun]:
    """Time both in turn, on both codings."""
    return [
        run
        for number in range(extent.rounds)
        for run in _add_latencies(_time(number), extent.seconds)
    ]


def _time(number: int) -> list[LargeRun]:
    """Time both in this process."""
    model = Models.load(ROOT / "models", default=MODEL, engine="litert").find(None)
    return [
        LargeRun(
            round=number,
            coding=coding,
            our_ms=time_us(partial(recognise, content, model)) / 1000,
            pillow_ms=time_us(partial(shrink_plainly, content)) / 1000,
        )
        for coding, content in make_files().items()
    ]


def _add_latencies(runs: list[LargeRun], seconds: int) -> list[LargeRun]:
    """Ask both servers, one after the other, in an order that alternates."""
    latencies = {}
    for name in (OURS, PLAIN) if runs[0].round % 2 == 0 else (PLAIN, OURS):
        latencies[name] = _measure_latencies(name, seconds)
    return [
        replace(
            run,
            our_latency_ms=latencies[OURS][run.coding],
            plain_latency_ms=latencies[PLAIN][run.coding],
        )
        for run in runs
    ]


def _measure_latencies(name: str, seconds: int) -> dict[str, float]:
    """Return a server's median latency in milliseconds, by coding; answers are right before and after."""
    (contender,) = find_contenders([name])
    uploads = {
        coding: Upload(Picture(coding, content, "image/jpeg", LABEL), "multipart")
        for coding, content in make_files().items()
    }
    latencies = {}
    log = cache_folder() / "large.log"
    with running(contender, prepare(contender), uploads["baseline"], log) as server:
        for coding, upload in uploads.items():
            server.check(upload)
            load, _ = load_warm(server, upload, connections=1, seconds=seconds)
            server.check(upload)
            latencies[coding] = load.p50_ms
    return latencies


def make_files() -> dict[str, bytes]:
    """Return the same photo of 12 megapixels in both codings of JPEG."""
    baseline = make_pictures(BUNDLE)[2].content
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(baseline)) as image:
        image.save(buffer, "JPEG", quality=QUALITY, progressive=True)
    return {"baseline": baseline, "progressive": buffer.getvalue()}


def recognise(body: bytes, model: Model) -> bytes:
    """Do all that the service does between the body of a request and the body of its answer."""
    seen = preprocess(single_file(split_files(body)), UploadLimits())
    return write_json(answer_prediction(model, model.predict(seen)))


def shrink_plainly(content: bytes) -> Image.Image:
    """Do what most tutorials do, up to the network: decode the whole picture, grey, 28x28."""
    with Image.open(io.BytesIO(content)) as image:
        return image.convert("L").resize((28, 28))


def render(runs: list[LargeRun]) -> str:
    """Render the section."""
    head = ["12-megapixel JPEG", "our answer, ms", "plain decoding, ms", "ratio"]
    rows = [_row(coding, own, "our_ms", "pillow_ms") for coding, own in _by_coding(runs).items()]
    return f"""## Large pictures

CPU time of our whole answer, from the body of the request to the JSON, beside that of Pillow for decoding the same file
in full and resizing it to 28x28, without a network; both in one process. The ratio is ours over Pillow's.

{table(head, rows)}
{_render_latencies([run for run in runs if run.plain_latency_ms])}"""


def _render_latencies(runs: list[LargeRun]) -> str:
    """Render what was measured over HTTP, if anything was."""
    if not runs:
        return ""
    head = ["12-megapixel JPEG", f"{OURS}, ms", f"{PLAIN}, ms", "ratio", "times as fast"]
    names = "our_latency_ms", "plain_latency_ms"
    rows = [
        [
            *_row(coding, own, *names),
            spread([run.plain_latency_ms / run.our_latency_ms for run in own]),
        ]
        for coding, own in _by_coding(runs).items()
    ]
    return f"""
End to end: the median latency of an upload over HTTP, as a form on one connection, beside that of `{PLAIN}`, which
decodes the whole picture with Pillow and resizes it. Both have the network `textbook`.

{table(head, rows)}
"""


def _by_coding(runs: list[LargeRun]) -> dict[str, list[LargeRun]]:
    """Return the runs of each coding."""
    codings = dict.fromkeys(run.coding for run in runs)
    return {coding: [run for run in runs if run.coding == coding] for coding in codings}


def _row(coding: str, runs: list[LargeRun], ours: str, theirs: str) -> list[str]:
    """One line of a table of two figures."""
    pairs = [(getattr(run, ours), getattr(run, theirs)) for run in runs]
    shares = [our / their for our, their in pairs]
    return [
        coding,
        median([our for our, _ in pairs]),
        median([their for _, their in pairs]),
        spread(shares),
    ]


STUDY = Study("large", LargeRun, measure, render, is_slow=True)
