"""Evaluation: labelled digits through preprocessing and engine to scores, with progress.

labelled items -> canonical digits -> engine, in batches -> score -> Evaluation
"""

import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.bundle import LabelledDigits
from service.errors import LabelledDataError, UploadError
from service.evaluation.scoring import Scores, score
from service.inference.recognition import Model
from service.intake.decoding_time import DecodingTime
from service.labelled_data import (
    LabelledData,
    LabelledDataLimits,
    LabelledItem,
    read_labelled_data,
)
from service.preprocessing import CanonicalDigit, Picture, UploadLimits, canonicalise, preprocess

BATCH_SIZE = 100  # digits between two reports of progress

OnProgress = Callable[[int, int], None]
"""Called with the number of digits done and in all."""


@dataclass(frozen=True)
class Rejected:
    """A labelled image that could not be used, and why in our own words."""

    name: str
    detail: str


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The scores of a model on labelled digits.

    Attributes:
        scores: The measures.
        digits: The canonical digits that were scored, in order.
        probabilities: float32 [N, 10], what the model says of each.
        names: What the client calls each; empty for the model's own evaluation set.
        rejected: Images that were left out of the scores.
        duration_s: Wall time in seconds.
    """

    scores: Scores
    digits: LabelledDigits
    probabilities: npt.NDArray[np.float32]
    names: tuple[str, ...]
    rejected: tuple[Rejected, ...]
    duration_s: float


@dataclass(frozen=True, eq=False)
class CanonicalData:
    """Labelled data in the canonical form.

    Attributes:
        digits: The images that could be used, in order.
        names: What the client calls each of them.
        rejected: The images that could not.
    """

    digits: LabelledDigits
    names: tuple[str, ...]
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True)
class EvaluationLimits:
    """Bounds of labelled data: of the whole, and of each image in it."""

    data: LabelledDataLimits
    image: UploadLimits


def evaluate_files(
    model: Model,
    files: Sequence[bytes],
    limits: EvaluationLimits,
    on_progress: OnProgress,
    *,
    decoding_time: DecodingTime | None = None,
) -> Evaluation:
    """Score a model on labelled files, or on its own evaluation set if there are none.

    Args:
        model: The model.
        files: The files of labelled data.
        limits: Their bounds.
        on_progress: Told after every batch.
        decoding_time: What all pictures have; default: as long as it takes.

    Raises:
        UploadError: If the files are no usable labelled data (see `service.errors`).
        ClientLeftError: If nobody wants the answer any more.
    """
    if not files:
        return evaluate(model, model.bundle.evaluation_set(), on_progress)
    data = canonicalise_all(read_labelled_data(files, limits.data), limits.image, decoding_time)
    return evaluate(model, data.digits, on_progress, names=data.names, rejected=data.rejected)


def evaluate(
    model: Model,
    digits: LabelledDigits,
    on_progress: OnProgress,
    *,
    names: tuple[str, ...] = (),
    rejected: tuple[Rejected, ...] = (),
) -> Evaluation:
    """Score a model on canonical digits.

    Args:
        model: The model.
        digits: At least one canonical digit.
        on_progress: Told after every batch.
        names: What the client calls the digits, for the result.
        rejected: Images that were left out before, for the result.
    """
    started = time.perf_counter()
    batches: list[npt.NDArray[np.float32]] = []
    total = len(digits.labels)
    for at in range(0, total, BATCH_SIZE):
        batches.append(model.engine.predict(digits.images[at : at + BATCH_SIZE]))
        on_progress(min(at + BATCH_SIZE, total), total)
    probabilities = np.concatenate(batches)
    scores = score(digits.labels, probabilities)
    duration_s = time.perf_counter() - started
    return Evaluation(scores, digits, probabilities, names, rejected, duration_s)


def canonicalise_all(
    data: LabelledData, limits: UploadLimits, decoding_time: DecodingTime | None = None
) -> CanonicalData:
    """Bring labelled images to the canonical form; one that cannot be used spoils no other.

    Raises:
        LabelledDataError: If not one image can be used.
        DecodingTimeError: If they take longer than the time that they have.
        ClientLeftError: If nobody wants the answer any more.
    """
    images, labels, names, rejected = [], [], [], []
    for item in data:
        if decoding_time:
            decoding_time.check()
        try:
            seen = _canonicalise(item, limits, decoding_time)
        except UploadError as error:
            rejected.append(Rejected(item.name, str(error)))
            continue
        images.append(seen.image)
        labels.append(item.label)
        names.append(item.name)
    if not images:
        raise LabelledDataError(
            f"None of the {len(rejected)} images can be used. The first, {rejected[0].name}: {rejected[0].detail}"
        )
    digits = LabelledDigits(np.stack(images), np.array(labels, np.uint8))
    return CanonicalData(digits, tuple(names), tuple(rejected))


def _canonicalise(
    item: LabelledItem, limits: UploadLimits, decoding_time: DecodingTime | None
) -> CanonicalDigit:
    """Bring one labelled image to the canonical form."""
    if isinstance(item.image, bytes):
        work = functools.partial(preprocess, item.image, limits)
    else:
        work = functools.partial(canonicalise, Picture(item.image))
    return decoding_time.spend(work) if decoding_time else work()
