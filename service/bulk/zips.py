"""Zips of any size, on any storage: only the directory is held in memory.

location -> open zip -> its pictures, in the directory's order -> the bytes of one
"""

import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

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


class LastZip:
    """Keeps the zip open that was asked for last: to read the directory of 200,000 members takes 1.5 s.

    A worker is given the parts of one zip after the other; until it has opened one, this can be sent to it.
    """

    def __init__(self) -> None:
        self._path: str | None = None
        self._open = ExitStack()
        self._archive: zipfile.ZipFile | None = None
        self._members: list[zipfile.ZipInfo] = []

    def open(self, location: Location) -> tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]:
        """Return a zip, which stays open until another is asked for, and its pictures.

        Raises:
            BulkError: If it is damaged.
        """
        if self._archive is None or self._path != location.path:
            self.close()
            self._archive = self._open.enter_context(open_zip(location))
            self._path, self._members = location.path, list_members(self._archive)
        return self._archive, self._members

    def close(self) -> None:
        """Close the zip that is open, if one is."""
        self._open.close()
        self._archive, self._path, self._members = None, None, []


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
