"""An IDX image/label pair, the format MNIST is published in; each file plain or gzip-compressed.

    two files, in any order -> headers, checked -> values -> LabelledData

Source: LeCun, Cortes and Burges, "The MNIST database", section "File formats for the MNIST
database"; RFC 1952 for gzip.
"""

import struct
import zlib
from collections.abc import Sequence
from enum import Enum

import numpy as np
import numpy.typing as npt

from service.errors import LabelledDataError
from service.labelled_data.items import (
    LabelledData,
    LabelledDataLimits,
    check_image_size,
    check_labels,
    label_images,
)

GZIP_SIGNATURE = b"\x1f\x8b"
GZIP_WINDOW_BITS = 16 + zlib.MAX_WBITS  # 16 asks zlib for gzip's header and checksum
IMAGES_HEADER = struct.Struct(">IIII")  # magic number, number of images, rows, columns
LABELS_HEADER = struct.Struct(">II")  # magic number, number of labels


class IdxKind(Enum):
    """The two kinds of IDX file that are read, by magic number: unsigned bytes in 3 or 1 axes."""

    IMAGES = 0x803
    LABELS = 0x801


def idx_kind(file: bytes) -> IdxKind | None:
    """Return which IDX file this is, by its magic number; None if it is none.

    Raises:
        LabelledDataError: If it is gzip-compressed and damaged, so that nobody can tell.
    """
    start = _expand(file, 4)
    return next((kind for kind in IdxKind if kind.value.to_bytes(4, "big") == start), None)


def read_idx_pair(files: Sequence[bytes], limits: LabelledDataLimits) -> LabelledData:
    """Read an image file and a label file.

    Args:
        files: One or two files, each of which `idx_kind` knows.
        limits: The bounds of what they may unpack to.

    Raises:
        LabelledDataError: If one of the two is missing or damaged, has not the length that its
            header promises, or is over a bound; or if their counts differ.
    """
    by_kind = {idx_kind(file): file for file in files}
    for kind in IdxKind:
        if kind not in by_kind:
            raise LabelledDataError(
                f"The IDX {kind.name.lower()} file (magic number 0x{kind.value:08x}) is missing; "
                "send an image file and a label file together."
            )
    images_file, labels_file = by_kind[IdxKind.IMAGES], by_kind[IdxKind.LABELS]
    _, num_images, rows, columns = _read_header(images_file, IMAGES_HEADER)
    _, num_labels = _read_header(labels_file, LABELS_HEADER)
    limits.check_num_images(num_images)
    check_image_size(rows, columns)
    limits.check_expanded_bytes(num_images * rows * columns + num_labels)

    images = _read_values(images_file, IMAGES_HEADER, num_images * rows * columns)
    labels = _read_values(labels_file, LABELS_HEADER, num_labels)
    return label_images(
        images.reshape(num_images, rows, columns), check_labels(labels, num_images=num_images)
    )


def _expand(file: bytes, max_bytes: int) -> bytes:
    """Return at most `max_bytes` of a file's content; if there is less, its checksum is right.

    Raises:
        LabelledDataError: If it is gzip-compressed and damaged, or ends too early.
    """
    if not file.startswith(GZIP_SIGNATURE):
        return file[:max_bytes]
    # Not `gzip.GzipFile`: it reads the name in gzip's header in Python, one byte at a time.
    decompressor = zlib.decompressobj(GZIP_WINDOW_BITS)
    try:
        content = decompressor.decompress(file, max_bytes)
    except zlib.error as error:
        raise LabelledDataError("A gzip file is damaged; compress it anew.") from error
    if len(content) < max_bytes and not decompressor.eof:
        raise LabelledDataError("A gzip file is truncated; send it whole.")
    return content


def _read_header(file: bytes, header: struct.Struct) -> tuple[int, ...]:
    """Return the numbers of a file's header."""
    start = _expand(file, header.size)
    if len(start) < header.size:
        raise LabelledDataError(
            f"An IDX file ends within its header of {header.size} bytes; send it whole."
        )
    numbers: tuple[int, ...] = header.unpack(start)
    return numbers


def _read_values(file: bytes, header: struct.Struct, num_bytes: int) -> npt.NDArray[np.uint8]:
    """Return the values after a file's header, read-only uint8 [num_bytes]."""
    # One byte more than promised shows both that there are no more and, in gzip, the checksum.
    content = _expand(file, header.size + num_bytes + 1)
    if len(content) != header.size + num_bytes:
        raise LabelledDataError(
            f"The header of an IDX file promises {num_bytes:,} values, but "
            f"{'more' if len(content) > header.size + num_bytes else 'fewer'} follow. "
            "The file is truncated or damaged; send it whole."
        )
    return np.frombuffer(content, dtype=np.uint8, offset=header.size)
