"""The upload benchmark: how right a bundle is on what people upload, through the whole of the service.

files (rendered of every kind; real ones in a folder) -> preprocessing -> engine -> status -> tallies

Rendered files follow from validation digits and a seed that no training used.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from service.bundle import Bundle, LabelledDigits
from service.engines.litert import LiteRTEngine
from service.errors import UploadError
from service.evaluation.scoring import expected_calibration_error
from service.inference.recognition import Model
from service.preprocessing import UploadLimits, preprocess
from service.preprocessing.decoding import open_image
from training.errors import ResultsError
from training.uploads import (
    DIGIT_KINDS,
    OTHER_KINDS,
    draw_digit,
    encode,
    print_digit,
    render_digit,
    render_other,
)

SEED = 3  # of the rendered files
NONE = "none"  # label of a real upload that is no digit
WRITER_SIZE = 10  # pictures; writers of fewer do not count in the mean over writers
NOT_SEEN: npt.NDArray[np.float64] = np.full(10, 0.1)  # stands for the answer to a refused upload
SOURCES: Mapping[str, Callable[[int, np.random.Generator], npt.NDArray[np.uint8]]] = {
    "drawn styles": draw_digit,
    "printed": print_digit,
}


@dataclass(frozen=True)
class Upload:
    """One file to recognise.

    Attributes:
        data: The file.
        label: 0..9, or None for what is no digit.
        kind: Kind of upload.
        writer: Who wrote it, if that is known.
    """

    data: bytes
    label: int | None
    kind: str
    writer: str = ""


@dataclass
class Tally:
    """Answers to uploads of one kind.

    Attributes:
        n: Uploads.
        right: Whose most probable class is the label; a refused upload is wrong.
        ok: Answered with status `ok`.
        ok_right: Of those, right.
        refused: Refused, or answered `not_a_digit`.
    """

    n: int = 0
    right: int = 0
    ok: int = 0
    ok_right: int = 0
    refused: int = 0


@dataclass
class Report:
    """Tallies of a set of uploads.

    Attributes:
        digits: Tally by kind, of uploads that show a digit.
        others: Tally by kind, of those that show none.
        writers: Tally by writer, of uploads that show a digit.
        calibration_error: Expected calibration error on the digits, 0..1.
    """

    digits: dict[str, Tally] = field(default_factory=dict)
    others: dict[str, Tally] = field(default_factory=dict)
    writers: dict[str, Tally] = field(default_factory=dict)
    calibration_error: float = 0.0


Recognise = Callable[[bytes], tuple[npt.NDArray[np.float64], str]]
"""Takes a file, returns probabilities [10] and a status; `refused` where there is no answer."""


def run_benchmark(recognise: Recognise, uploads: Iterable[Upload]) -> Report:
    """Tally the answers to uploads."""
    report, confidences, are_right = Report(), [], []
    for upload in uploads:
        probabilities, status = recognise(upload.data)
        is_right = status != "refused" and int(probabilities.argmax()) == upload.label
        kinds = report.others if upload.label is None else report.digits
        _count(kinds.setdefault(upload.kind, Tally()), status, is_right)
        if upload.label is None:
            continue
        if upload.writer:
            _count(report.writers.setdefault(upload.writer, Tally()), status, is_right)
        confidences.append(float(probabilities.max()))
        are_right.append(is_right)
    if confidences:
        report.calibration_error = expected_calibration_error(
            np.array(confidences), np.array(are_right)
        )
    return report


def recogniser(bundle: Bundle) -> Recognise:
    """Return the service's own way from a file to its answer."""
    model = Model(bundle, LiteRTEngine(bundle.litert_program))
    limits = UploadLimits()

    def recognise(data: bytes) -> tuple[npt.NDArray[np.float64], str]:
        try:
            prediction = model.predict(preprocess(data, limits))
        except UploadError:
            return NOT_SEEN, "refused"
        return prediction.probabilities, prediction.status

    return recognise


def tutorial_recogniser(bundle: Bundle) -> Recognise:
    """Return what tutorials show: grey, resized to 28x28, inverted as MNIST is, nothing else."""
    engine, limits = LiteRTEngine(bundle.litert_program), UploadLimits()

    def recognise(data: bytes) -> tuple[npt.NDArray[np.float64], str]:
        try:
            grey = open_image(data, limits).decode().grey
        except UploadError:
            return NOT_SEEN, "refused"
        small = ~np.asarray(Image.fromarray(grey).resize((28, 28)))
        return engine.predict(small[np.newaxis])[0].astype(np.float64), "ok"

    return recognise


def rendered_uploads(digits: LabelledDigits, per_kind: int, seed: int = SEED) -> Iterator[Upload]:
    """Render files of every kind: of digits, of digits drawn and printed, and of what is no digit."""
    yield from rendered_digits(digits, per_kind, seed)
    for number, (name, source) in enumerate(SOURCES.items()):
        for index in range(per_kind):
            rng = np.random.default_rng([seed, 100 + number, index])
            kind, label = DIGIT_KINDS[index % len(DIGIT_KINDS)], index % 10
            picture = render_digit(kind, source(label, rng), rng)
            yield Upload(encode(picture, kind, rng), label, name)
    for number, kind in enumerate(OTHER_KINDS):
        for index in range(per_kind):
            rng = np.random.default_rng([seed, 200 + number, index])
            picture = render_other(kind, digits.images, rng)
            yield Upload(encode(picture, kind, rng), None, kind)


def rendered_digits(digits: LabelledDigits, per_kind: int, seed: int = SEED) -> Iterator[Upload]:
    """Render files of every kind that shows a digit: each of other digits, spread over all there are."""
    step = max(len(digits.labels) // per_kind, 1)
    for number, kind in enumerate(DIGIT_KINDS):
        for index in range(per_kind):
            rng = np.random.default_rng([seed, number, index])
            at = (number + step * index) % len(digits.labels)
            picture = render_digit(kind, digits.images[at], rng)
            yield Upload(encode(picture, kind, rng), int(digits.labels[at]), kind)


def real_uploads(folder: Path) -> Iterator[Upload]:
    """Read real uploads that `labels.csv` of a folder lists: path, label, kind, writer.

    Raises:
        ResultsError: If there is no such list, or it lists what is not there.
    """
    try:
        rows = csv.DictReader((folder / "labels.csv").read_text("utf-8").splitlines())
        for row in rows:
            label = None if row["label"] == NONE else int(row["label"])
            yield Upload((folder / row["path"]).read_bytes(), label, row["kind"], row["writer"])
    except (OSError, KeyError, ValueError) as cause:
        raise ResultsError(
            f"{folder} has no labels.csv (path, label, kind, writer) that lists uploads there are."
        ) from cause


def total(tallies: Iterable[Tally]) -> Tally:
    """Add tallies up."""
    sums = Tally()
    for tally in tallies:
        for name, value in asdict(tally).items():
            setattr(sums, name, getattr(sums, name) + value)
    return sums


def mean_over_writers(report: Report) -> float | None:
    """Return the mean accuracy over writers of `WRITER_SIZE` pictures or more, None without any."""
    shares = [t.right / t.n for t in report.writers.values() if t.n >= WRITER_SIZE]
    return float(np.mean(shares)) if shares else None


def _count(tally: Tally, status: str, is_right: bool) -> None:
    """Add one answer."""
    tally.n += 1
    tally.right += is_right
    tally.ok += status == "ok"
    tally.ok_right += status == "ok" and is_right
    tally.refused += status in {"refused", "not_a_digit"}
