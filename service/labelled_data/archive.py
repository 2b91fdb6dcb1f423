"""Zip archives in memory, opened and read within bounds.

    bytes -> open_archive -> list_pictures -> read_picture, or open_member -> at most so many bytes

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

CURRENT_FOLDERS = frozenset({"", ".", ".."})
# What macOS and Windows leave in folders, besides the dot-files.
JUNK = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})

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
        check_readable(member)
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


def list_pictures(archive: zipfile.ZipFile, limits: LabelledDataLimits) -> list[zipfile.ZipInfo]:
    """Return the members that are no folders and nothing that operating systems add by themselves.

    Raises:
        LabelledDataError: If there are none, or too many.
    """
    members = [
        member
        for member in archive.infolist()
        # Not `is_dir`: on a member without a name it fails.
        if not member.filename.endswith("/") and not is_junk(member.filename)
    ]
    limits.check_num_images(len(members))
    return members


def read_picture(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, limits: LabelledDataLimits
) -> bytes:
    """Return the bytes of one picture; safe to call from several threads.

    Raises:
        LabelledDataError: If it is damaged, over `max_member_bytes`, or a zip itself.
    """
    with open_member(archive, member) as stream:
        picture = stream.read(limits.max_member_bytes + 1)
    if len(picture) > limits.max_member_bytes:
        raise LabelledDataError(
            f"{quote(member.filename)} in the zip unpacks to more than the "
            f"{limits.max_member_bytes:,} bytes that are accepted for one picture. Make it smaller."
        )
    check_no_zip(member, picture)
    return picture


def check_no_zip(member: zipfile.ZipInfo, start: bytes) -> None:
    """Raise LabelledDataError if a member starts as a zip does."""
    if start.startswith(ZIP_SIGNATURES):
        raise LabelledDataError(
            f"{quote(member.filename)} in the zip is a zip itself; the members must be pictures. "
            "Unpack it and send the pictures in one zip."
        )


def split_path(member_name: str) -> list[str]:
    """Split a member's name into its folders and its file; some packers write backslashes."""
    parts = member_name.replace("\\", "/").split("/")
    return [part for part in parts if part not in CURRENT_FOLDERS]


def is_junk(member_name: str) -> bool:
    """Tell whether a member is one that operating systems add by themselves."""
    return any(part in JUNK or part.startswith(".") for part in split_path(member_name))


def check_readable(member: zipfile.ZipInfo) -> None:
    """Raise LabelledDataError if a member is encrypted or cannot be inflated in steps."""
    if member.flag_bits & IS_ENCRYPTED:
        raise LabelledDataError(
            f"{quote(member.filename)} in the zip is encrypted; pack it without a password."
        )
    if member.compress_type not in BOUNDED_COMPRESSIONS:
        raise LabelledDataError(
            f"{quote(member.filename)} in the zip uses a compression that is not accepted; "
            "pack it with deflate, the usual one, or none."
        )
