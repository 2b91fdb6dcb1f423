"""Large pictures: the whole of an answer beside a plain decoding of the same file, both in this process.

12-megapixel JPEG -> our answer's JSON | Pillow: decode all of it, grey, resize to 28x28 -> CPU time -> table
"""

import io
from dataclasses import dataclass
from functools import partial

from PIL import Image

from benchmarks.budget import MODEL, time_us
from benchmarks.catalogue import BUNDLE, ROOT
from benchmarks.pictures import QUALITY, make_pictures
from benchmarks.study import Extent, Study
from benchmarks.tables import median, spread, table
from service.answers import answer_prediction, write_json
from service.models import Models
from service.preprocessing import UploadLimits, preprocess
from service.recognition import Model
from service.uploads import single_file, split_files


@dataclass(frozen=True)
class LargeRun:
    """One run.

    Attributes:
        round: Number of the round, from 0.
        coding: `baseline` or `progressive`.
        our_ms: CPU time of our answer, from body to JSON, in milliseconds.
        pillow_ms: CPU time of decoding and resizing alone.
    """

    round: int
    coding: str
    our_ms: float
    pillow_ms: float


def measure(extent: Extent) -> list[LargeRun]:
    """Time both in turn, on both codings."""
    model = Models.load(ROOT / "models", default=MODEL, engine="litert").find(None)
    files = make_files()
    return [
        LargeRun(
            round=number,
            coding=coding,
            our_ms=time_us(partial(recognise, content, model)) / 1000,
            pillow_ms=time_us(partial(shrink_plainly, content)) / 1000,
        )
        for number in range(extent.rounds)
        for coding, content in files.items()
    ]


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
    rows = [
        _row(coding, [run for run in runs if run.coding == coding])
        for coding in dict.fromkeys(run.coding for run in runs)
    ]
    return f"""## Large pictures

CPU time of our whole answer, from the body of the request to the JSON, beside that of Pillow for decoding the same file
in full and resizing it to 28x28, without a network; both in one process. The ratio is ours over Pillow's.

{table(head, rows)}
"""


def _row(coding: str, runs: list[LargeRun]) -> list[str]:
    """One line of the table."""
    shares = [run.our_ms / run.pillow_ms for run in runs]
    ours, plain = [run.our_ms for run in runs], [run.pillow_ms for run in runs]
    return [coding, median(ours), median(plain), spread(shares)]


STUDY = Study("large", LargeRun, measure, render)
