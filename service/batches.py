"""Batches: many pictures of one upload to one outcome each, in order.

    files or a zip -> BatchEntry, unpacked when it is its turn -> canonical digits -> engine -> Outcome

Whatever is wrong with one picture is its own outcome and spoils no other; only an upload that cannot
be taken apart fails as a whole. Knows neither HTTP nor JSON.
"""

import functools
import itertools
import math
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from service.errors import (
    BatchError,
    BrokenImageError,
    LabelledDataError,
    UploadTooLargeError,
)
from service.inference.recognition import Model, Prediction
from service.intake.decoding_time import DecodingTime
from service.intake.forms import FormFile
from service.labelled_data import LabelledDataLimits
from service.labelled_data.archive import (
    ZIP_SIGNATURES,
    list_pictures,
    open_archive,
    read_picture,
)
from service.preprocessing import CanonicalDigit, UploadLimits, preprocess

SMALL_BYTES = 16_384  # of a file, whose decoding is over in less time than threads take to change
# Threads that decode small pictures wait for Python, not for a decoder: side by side they are slower than in turn.
_small_pictures = threading.Lock()

Outcome = Prediction | Exception
"""What became of a picture: an answer, or why there is none; an `UploadError` is for the client."""


@dataclass(frozen=True)
class BatchLimits:
    """Bounds of a batch: of the whole, and of each image in it."""

    data: LabelledDataLimits
    image: UploadLimits


@dataclass(frozen=True)
class BatchEntry:
    """One picture of a batch.

    Attributes:
        name: What the client calls it: a file's name or a zip member's path; its own text.
        read: Returns its bytes, in any thread, or raises UploadError.
        size: How many they are, if that is known.
    """

    name: str
    read: Callable[[], bytes]
    size: int | None = None


def list_entries(files: Sequence[FormFile], limits: LabelledDataLimits) -> list[BatchEntry]:
    """List the pictures of an upload; those of a zip are not unpacked yet.

    Args:
        files: At least one; a zip alone is unpacked, among others it is a bad picture.
        limits: The bounds of the whole.

    Returns:
        At least one entry.

    Raises:
        BatchError: If there are no pictures or too many, or the zip is damaged or over a bound.
    """
    try:
        if len(files) == 1 and files[0].content.startswith(ZIP_SIGNATURES):
            return _list_members(files[0].content, limits)
        limits.check_num_images(len(files))
    except LabelledDataError as error:
        raise BatchError(str(error)) from error
    return [
        BatchEntry(file.name, functools.partial(read_file, file.content, limits), len(file.content))
        for file in files
    ]


def canonicalise_entries(
    entries: Sequence[BatchEntry],
    limits: UploadLimits,
    decoding_time: DecodingTime | None = None,
    *,
    turn_s: float = math.inf,
) -> list[CanonicalDigit | Exception]:
    """Unpack, decode and canonicalise pictures, one after the other; small ones in one thread at a time.

    Args:
        entries: At least one.
        limits: Bounds of each picture.
        decoding_time: What they have together; default: as long as it takes.
        turn_s: After how much time no other picture is begun, in seconds.

    Returns:
        For each the digit, or what is wrong with it; of the first ones alone where the turn was over.
    """
    are_small = all(entry.size is not None and entry.size <= SMALL_BYTES for entry in entries)
    seen = []
    with _small_pictures if are_small else nullcontext():
        end = time.perf_counter() + turn_s
        for entry in entries:
            seen.append(_canonicalise(entry, limits, decoding_time))
            if time.perf_counter() >= end:
                break
    return seen


def _canonicalise(
    entry: BatchEntry, limits: UploadLimits, decoding_time: DecodingTime | None
) -> CanonicalDigit | Exception:
    """Bring one picture to the canonical form."""
    try:
        if decoding_time is None:
            return preprocess(entry.read(), limits)
        decoding_time.check()
        return decoding_time.spend(lambda: preprocess(entry.read(), limits))
    except Exception as error:  # what nobody foresaw in one picture must not cost the others
        return error


def recognise_all(model: Model, seen: Sequence[CanonicalDigit | Exception]) -> list[Outcome]:
    """Recognise the usable ones in one call of the engine; if it fails, each of them has failed.

    Returns:
        One outcome for each, in order.
    """
    digits = [digit for digit in seen if isinstance(digit, CanonicalDigit)]
    try:
        found: Iterator[Outcome] = iter(model.predict_many(digits))
    except Exception as error:  # an engine may raise anything, and the other chunks go on
        found = itertools.repeat(error)
    return [next(found) if isinstance(digit, CanonicalDigit) else digit for digit in seen]


def _list_members(body: bytes, limits: LabelledDataLimits) -> list[BatchEntry]:
    """List the pictures of a zip.

    A member never unpacks to more than its directory entry says: `zipfile` stops there and finds the
    checksum wrong. So the sum of what the entries say bounds the whole.
    """
    archive = open_archive(body, limits)
    members = list_pictures(archive, limits)
    limits.check_expanded_bytes(sum(member.file_size for member in members))
    return [
        BatchEntry(
            member.filename,
            functools.partial(_read_member, archive, member, limits),
            member.file_size,
        )
        for member in members
    ]


def _read_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, limits: LabelledDataLimits
) -> bytes:
    """Unpack one picture of a zip.

    Raises:
        BrokenImageError: If it is damaged, a zip itself, or over the bound.
    """
    try:
        return read_picture(archive, member, limits)
    except LabelledDataError as error:
        raise BrokenImageError(str(error)) from error


def read_file(content: bytes, limits: LabelledDataLimits) -> bytes:
    """Return the bytes of one file of a form, within the bound that holds for every picture.

    Raises:
        UploadTooLargeError: If it has more.
    """
    if len(content) > limits.max_member_bytes:
        raise UploadTooLargeError(
            f"The file has {len(content):,} bytes; at most {limits.max_member_bytes:,} are accepted for "
            "one picture. Make it smaller."
        )
    return content
