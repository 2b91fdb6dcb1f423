"""Recognising: the images of a request to a prediction for each, the way that `/predict` takes.

canonical digits or picture files -> preprocessing -> engine -> predictions
"""

import base64
import binascii
import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import anyio
import numpy as np
from anyio import to_thread

from service.admission import ClientLeftError, Place
from service.batches import BatchEntry, Outcome, canonicalise_entries, recognise_all
from service.engines import Digits
from service.errors import DigitserveError, ProtocolError, UploadError, UploadTooLargeError
from service.preprocessing import Box, CanonicalDigit
from service.recognition import Model, Prediction
from service.routes.batch import HOP_IMAGES
from service.routes.predict import see
from service.routes.resources import Resources
from service.uploads import MIB


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


Decode = Callable[[Sequence[BatchEntry]], Sequence[CanonicalDigit | Exception]]
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
    with resources.inference_statistics.timing(manifest.name, manifest.version, num_images):
        if num_images == 1:
            seen = await _see_one(resources, images, place)
            return [await resources.predict(model, seen, place)]
        decode = functools.partial(
            canonicalise_entries,
            limits=resources.settings.upload_limits,
            decoding_time=resources.allow_decoding(),
        )
        work = functools.partial(_recognise_part, decode, model, images, place)
        predictions = _all_or_none(await _in_threads(resources, num_images, work))
    resources.count(predictions)
    return predictions


def recognise_here(
    resources: Resources, model: Model, images: Images, place: Place
) -> list[Prediction]:
    """Recognise the images of one request in this thread; see `recognise`."""
    _check_sizes(resources, images)
    return _all_or_none(_recognise_part(resources, model, images, place, slice(None)))


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
        return base64.b64decode("".join(text.split()), validate=True)
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
    size = min(HOP_IMAGES, math.ceil(num_images / threads.total_tokens))
    outcomes: dict[int, list[Outcome]] = {}

    async def work_on(at: int) -> None:
        part = slice(at, at + size)
        outcomes[at] = await to_thread.run_sync(work, part, limiter=threads)

    async with anyio.create_task_group() as tasks:
        for at in range(0, num_images, size):
            tasks.start_soon(work_on, at)
    return [outcome for at in sorted(outcomes) for outcome in outcomes[at]]


def _recognise_part(
    decode: Decode, model: Model, images: Images, place: Place, part: slice
) -> list[Outcome]:
    """Recognise some of the images whose turn has come, if the request is still wanted."""
    try:
        place.check()
        if not isinstance(images, Pictures):
            return recognise_all(model, [take_as_seen(digit) for digit in images[part]])
    except (DigitserveError, ClientLeftError) as error:  # an outcome, too: the tasks end in peace
        return [error]
    entries = [
        BatchEntry("", functools.partial(bytes, file), len(file)) for file in images.files[part]
    ]
    return recognise_all(model, decode(entries))


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
