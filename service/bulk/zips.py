"""Zips of any size, on any storage: only the directory is held in memory.

location -> open zip -> its pictures, in the directory's order -> the bytes of one
"""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

from service.bulk import BulkError
from service.bulk.storage import Location
from service.errors import BrokenImageError, LabelledDataError
from service.labelled_data import LabelledDataLimits
from service.labelled_data.archive import (
    DAMAGE_ERRORS,
    check_readable,
    is_junk,
    read_picture,
)


@contextmanager
def open_zip(location: Location) -> Iterator[zipfile.ZipFile]:
    """Open a zip until the block ends.

    Raises:
        BulkError: If it is damaged.
    """
    with location.filesystem.open_input_file(location.path) as file:
        try:
            archive = zipfile.ZipFile(file)
        except DAMAGE_ERRORS as cause:
            raise BulkError(
                f"{location.address} is no whole zip. Pack it anew, or take it out of the source."
            ) from cause
        with archive:
            yield archive


def list_members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the pictures of a zip; of members with the same name the last, as unpacking leaves it."""
    members = {member.filename: member for member in archive.infolist()}
    return [
        member for name, member in members.items() if not name.endswith("/") and not is_junk(name)
    ]


def read_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, limits: LabelledDataLimits
) -> bytes:
    """Unpack one picture.

    Raises:
        BrokenImageError: If it is encrypted, damaged, packed in a way that knows no bounds, or too large.
    """
    try:
        check_readable(member)
        return read_picture(archive, member, limits)
    except LabelledDataError as error:
        raise BrokenImageError(str(error)) from error
