"""Zip archives in memory, opened and read within bounds.

    bytes -> open_archive -> open_member -> at most so many bytes

The declared sizes are never believed: readers ask a member for one byte more than they accept.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from service.errors import LabelledDataError
from service.labelled_data.items import LabelledDataLimits, quote

# Of a member's local header, and of the end record that an archive without members begins with.
ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")
DIRECTORY_ENTRY_SIGNATURE = b"PK\x01\x02"
IS_ENCRYPTED = 0x1  # bit 0 of the general purpose flags; APPNOTE.TXT 4.4.4
# Python inflates deflate in bounded steps, but bzip2 and LZMA a whole block, of any size, at once.
BOUNDED_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
NUM_UNCOUNTED_MEMBERS = 1024  # room for folders and the like, which are no images

# What `zipfile` raises on damaged archives. RuntimeError stands for features that it lacks,
# ValueError for names that are no UTF-8, OverflowError for 64-bit offsets out of this world.
DAMAGE_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OverflowError,
    RuntimeError,
    ValueError,
)


def open_archive(body: bytes, limits: LabelledDataLimits) -> zipfile.ZipFile:
    """Open a zip whose members are all of a kind that can be read within bounds.

    Raises:
        LabelledDataError: If it is damaged, has too many members, or has encrypted ones or
            ones of a compression other than deflate.
    """
    # Each directory entry becomes an object ten times its size, so they are counted beforehand.
    # Twice: macOS adds a second member for each file.
    max_members = 2 * limits.max_images + NUM_UNCOUNTED_MEMBERS
    if body.count(DIRECTORY_ENTRY_SIGNATURE) > max_members:
        raise LabelledDataError(
            f"The zip has more members than the {max_members:,} that are accepted. "
            "Send fewer images at a time."
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
    except DAMAGE_ERRORS as error:
        raise LabelledDataError(
            "The zip is truncated or damaged; pack it anew and send it whole."
        ) from error
    for member in archive.infolist():
        _check_readable(member)
    return archive


@contextmanager
def open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
    """Open a member for reading; damage met inside the block becomes a LabelledDataError.

    The block should hold nothing but reads.
    """
    try:
        with archive.open(member) as stream:
            yield stream
    except DAMAGE_ERRORS as error:
        raise LabelledDataError(
            f"{quote(member.filename)} in the zip is truncated or damaged; pack it anew."
        ) from error


def _check_readable(member: zipfile.ZipInfo) -> None:
    """Raise LabelledDataError if the member is encrypted or cannot be inflated in steps."""
    if member.flag_bits & IS_ENCRYPTED:
        raise LabelledDataError(
            f"{quote(member.filename)} in the zip is encrypted; pack it without a password."
        )
    if member.compress_type not in BOUNDED_COMPRESSIONS:
        raise LabelledDataError(
            f"{quote(member.filename)} in the zip uses a compression that is not accepted; "
            "pack it with deflate, the usual one, or none."
        )
