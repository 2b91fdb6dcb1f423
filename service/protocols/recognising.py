"""Recognising: the images of a request to a prediction for each, the way that `/predict` takes.

canonical digits or picture files -> preprocessing -> engine -> predictions
"""

import base64
import binascii
import functools
import math
import string
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import anyio
import numpy as np

from service.batches import BatchEntry, Outcome, canonicalise_entries, recognise_all
from service.engines import Digits
from service.errors import DigitserveError, ProtocolError, UploadError, UploadTooLargeError
from service.inference.recognition import Model, Prediction
from service.intake.admission import ClientLeftError, Place
from service.intake.decoding_time import DecodingTime
from service.intake.uploads import MIB
from service.preprocessing import Box, CanonicalDigit
from service.resources import Resources
from service.routes.batch import HOP_IMAGES, TURN_S
from service.routes.predict import see
from service.telemetry.inference_statistics import Part
from service.telemetry.request_record import RequestRecord


@dataclass(frozen=True)
class Pictures:
    """Whole image files, each to be read like an upload.

    Attributes:
        files: Their bytes.
    """

    files: Sequence[bytes]

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.files)

    def check_sizes(self, max_bytes: int) -> None:
        """Check that no picture has more bytes than an upload may.

        Raises:
            UploadTooLargeError: If one has.
        """
        if max(map(len, self.files)) > max_bytes:
            raise UploadTooLargeError(
                f"A picture is larger than {max_bytes / MIB:g} MiB, the most that is accepted. Send a "
                "smaller one."
            )


Images = Digits | Pictures
"""What a request brings: canonical digits uint8 [N, 28, 28], or pictures."""


async def recognise(
    resources: Resources, model: Model, images: Images, place: Place
) -> list[Prediction]:
    """Recognise the images of one request; one that cannot be used spoils the request.

    Args:
        resources: What the lifespan made.
        model: Which model is to answer.
        images: At least one.
        place: The request's place.

    Returns:
        A prediction for each, in order.

    Raises:
        ProtocolError: If one of several pictures cannot be used; it names which.
        UploadError: If the only one cannot be used.
        UploadTooLargeError: If a picture has more bytes than an upload may.
        OverloadedError: If the request's time ran out before the work began.
    """
    manifest, num_images = model.bundle.manifest, len(images)
    _check_sizes(resources, images)
    statistics = resources.inference_statistics
    with statistics.timing(manifest.name, manifest.version, num_images) as parts:
        if num_images == 1:
            seen = await _see_one(resources, images, place)
            prediction = await resources.predict(model, seen, place)
            parts.append(_part_of(place.record))
            return [prediction]
        allowed = resources.allow_decoding(place)
        work = _Work(resources, model, images, place, allowed, parts, turn_s=TURN_S)
        predictions = _all_or_none(await _in_threads(resources, num_images, work.do))
    resources.count(predictions)
    return predictions


def _part_of(record: RequestRecord) -> Part:
    """Return what the record of a request for one image says of its steps."""
    input_s = (record.decode_s or 0) + (record.preprocess_s or 0)
    return Part(record.queue_s or 0, input_s, record.model_s or 0, record.batch_size or 0)


def recognise_here(
    resources: Resources, model: Model, images: Images, place: Place
) -> list[Prediction]:
    """Recognise the images of one request in this thread; see `recognise`."""
    _check_sizes(resources, images)
    work = _Work(resources, model, images, place, resources.allow_decoding(place))
    return _all_or_none(work.do(slice(None)))


def _check_sizes(resources: Resources, images: Images) -> None:
    """Check that no picture has more bytes than an upload may."""
    if isinstance(images, Pictures):
        images.check_sizes(resources.settings.max_upload_bytes)


def take_as_seen(digit: Digits) -> CanonicalDigit:
    """Take a digit uint8 [28, 28] for what preprocessing would have made of a picture."""
    return CanonicalDigit(digit, Box.of(digit.shape), (), ())


def decode_base64(text: str) -> bytes:
    """Return the bytes that a text of base64 means; line breaks in it mean nothing.

    Raises:
        ProtocolError: If it is something else.
    """
    try:
        # Taken out, not split there: a text of breaks would become as many texts.
        unbroken = text.encode("ascii").translate(None, string.whitespace.encode())
        return base64.b64decode(unbroken, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProtocolError(
            "Unable to base64 decode. A picture is the base64 of its file."
        ) from error


async def _see_one(resources: Resources, images: Images, place: Place) -> CanonicalDigit:
    """Return the canonical digit of a request's one image."""
    if not isinstance(images, Pictures):
        return take_as_seen(images[0])
    return await see(images.files[0], resources, place)


async def _in_threads(
    resources: Resources, num_images: int, work: Callable[[slice], list[Outcome]]
) -> list[Outcome]:
    """Work on parts of the images in the threads that decode; return what became of each image."""
    threads = resources.decoders
    size = min(HOP_IMAGES, math.ceil(num_images / threads.num_threads))
    outcomes: dict[int, list[Outcome]] = {}

    async def work_on(at: int) -> None:
        last = min(at + size, num_images)
        while at < last:  # once, but for pictures that take longer than a turn
            outcomes[at] = done = await threads.run(work, slice(at, last))
            at += len(done)

    async with anyio.create_task_group() as tasks:
        for at in range(0, num_images, size):
            tasks.start_soon(work_on, at)
    return [outcome for at in sorted(outcomes) for outcome in outcomes[at]]


@dataclass(frozen=True)
class _Work:
    """The work on the images of one request, part by part, in any thread.

    Attributes:
        resources: What the lifespan made.
        model: Which model is to answer.
        images: All of them.
        place: The request's place.
        decoding_time: What its pictures may take.
        parts: Where the durations of each part go.
        asked_at: When the images were at hand, in seconds of `perf_counter`.
        turn_s: After how much time the next pictures are left to another call of `do`, in seconds.
        has_begun: Set once some of the work was begun in time.
    """

    resources: Resources
    model: Model
    images: Images
    place: Place
    decoding_time: DecodingTime
    parts: list[Part] = field(default_factory=list)
    asked_at: float = field(default_factory=time.perf_counter)
    turn_s: float = math.inf
    has_begun: threading.Event = field(default_factory=threading.Event)

    def do(self, which: slice) -> list[Outcome]:
        """Recognise the first of some images whose turn has come, if the request is still wanted."""
        began_at = time.perf_counter()
        try:
            # Work that has begun in time is done, as long as its client waits.
            (self.place.check_client if self.has_begun.is_set() else self.place.check)()
        except (
            DigitserveError,
            ClientLeftError,
        ) as error:  # an outcome, too: the tasks end in peace
            return [error] * len(range(*which.indices(len(self.images))))
        self.has_begun.set()
        seen = self._see(which)
        seen_at = time.perf_counter()
        outcomes = recognise_all(self.model, seen)
        infer_s, num_digits = time.perf_counter() - seen_at, _count_digits(seen)
        self.parts.append(Part(began_at - self.asked_at, seen_at - began_at, infer_s, num_digits))
        return outcomes

    def _see(self, which: slice) -> Sequence[CanonicalDigit | Exception]:
        """Bring some of the images to the canonical form."""
        if not isinstance(self.images, Pictures):
            return [take_as_seen(digit) for digit in self.images[which]]
        entries = [
            BatchEntry("", functools.partial(bytes, file), len(file))
            for file in self.images.files[which]
        ]
        limits = self.resources.settings.upload_limits
        return canonicalise_entries(entries, limits, self.decoding_time, turn_s=self.turn_s)


def _count_digits(seen: Sequence[CanonicalDigit | Exception]) -> int:
    """Return how many digits the engine is called with."""
    return sum(isinstance(digit, CanonicalDigit) for digit in seen)


def _all_or_none(outcomes: Sequence[Outcome]) -> list[Prediction]:
    """Return the predictions.

    Raises:
        ProtocolError: If one of the pictures cannot be used.
        Exception: Whatever else one of them failed with.
    """
    for index, outcome in enumerate(outcomes):
        if isinstance(outcome, UploadError):
            raise ProtocolError(f"Picture {index}, counted from 0: {outcome}") from outcome
        if isinstance(outcome, Exception):
            raise outcome
    return [outcome for outcome in outcomes if isinstance(outcome, Prediction)]


def probabilities_of(
    predictions: Sequence[Prediction],
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the probabilities float64 [N, 10] of predictions."""
    return np.stack([prediction.probabilities for prediction in predictions])
