"""Reading: a part of a source to pictures that are read when it is their turn.

    Part -> blocks of BatchEntry, named as their rows will be

The bounds are the service's: a file, a zip member and a value of a column may each have as many bytes as a body of
`/predict`.
"""

import errno
import functools
import itertools
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow.parquet as pq
from pyarrow import fs

from service.batches import BatchEntry, read_file
from service.bulk.columns import Columns, find_columns
from service.bulk.parts import Part
from service.bulk.storage import AddressError, Location, locate
from service.bulk.zips import LastZip, read_member
from service.errors import BrokenImageError
from service.labelled_data import LabelledDataLimits

BUFFER_BYTES = 1 << 20  # read of a column at a time, instead of all of a row group
# That a path leads nowhere; which of them is raised depends on the storage.
OF_THE_PATH = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)
NUMBERS_OF_THE_PATH = {errno.ENAMETOOLONG, errno.ELOOP}


@dataclass(frozen=True)
class Reader:
    """Reads the parts of one source.

    Attributes:
        source: The source; only its filesystem and scheme matter.
        limits: The bounds of each picture.
        block_images: Most pictures of a block.
        column: Column of a Parquet source that holds the pictures, or None for what it is by type.
    """

    source: Location
    limits: LabelledDataLimits
    block_images: int
    column: str | None = None
    _zip: LastZip = field(default_factory=LastZip, init=False, compare=False, repr=False)

    def read_blocks(self, part: Part) -> Iterator[list[BatchEntry]]:
        """Yield the pictures of a part; each block is to be read before the next is asked for.

        Raises:
            BulkError: If a zip or Parquet file is not what it was, or has no column of pictures.
            OSError: If the storage fails.
        """
        if part.kind == "zip":
            yield from self._read_zip(part)
        elif part.kind == "parquet":
            yield from self._read_parquet(part)
        else:
            yield [self._file(self.source.at(path)) for path in part.names]

    def _file(self, location: Location) -> BatchEntry:
        """Return a picture that is a file."""
        read = functools.partial(_read_file, location, self.limits)
        return BatchEntry(location.address, read)

    def _read_zip(self, part: Part) -> Iterator[list[BatchEntry]]:
        """Yield the pictures of a zip."""
        location = self.source.at(part.container)
        archive, members = self._zip.open(location)
        wanted = members[part.start : part.stop]
        yield [self._member(location, archive, member) for member in wanted]

    def _member(
        self, location: Location, archive: zipfile.ZipFile, member: zipfile.ZipInfo
    ) -> BatchEntry:
        """Return a picture that is a member of a zip."""
        read = functools.partial(read_member, archive, member, self.limits)
        return BatchEntry(f"{location.address}/{member.filename}", read)

    def _read_parquet(self, part: Part) -> Iterator[list[BatchEntry]]:
        """Yield the pictures of the rows of a row group, those before the part passed over."""
        location = self.source.at(part.container)
        with location.filesystem.open_input_file(location.path) as stream:
            file = pq.ParquetFile(stream, buffer_size=BUFFER_BYTES, pre_buffer=False)
            columns = find_columns(file.schema_arrow, self.column, location.address)
            first_row = sum(
                file.metadata.row_group(number).num_rows for number in range(part.row_group)
            )
            rows = itertools.chain.from_iterable(
                batch.to_pylist()
                for batch in file.iter_batches(
                    self.block_images, [part.row_group], columns.wanted, use_threads=False
                )
            )
            numbered = itertools.islice(enumerate(rows, first_row), part.start, part.stop)
            while block := list(itertools.islice(numbered, self.block_images)):
                yield [self._row(location, columns, number, row) for number, row in block]

    def _row(
        self, location: Location, columns: Columns, number: int, row: dict[str, Any]
    ) -> BatchEntry:
        """Return the picture of a row."""
        content = row[columns.image]
        name = row[columns.name] if columns.name else None
        numbered = f"{location.address}/{number}"
        if isinstance(content, str):
            read = functools.partial(_read_named, location, content, self.limits)
            return BatchEntry(content or numbered, read)
        read = functools.partial(_read_value, content, self.limits)
        return BatchEntry(name or numbered, read)


def _read_named(beside: Location, path: str, limits: LabelledDataLimits) -> bytes:
    """Read the file that a row of a Parquet file names; an address that leads nowhere is the row's own error."""
    try:
        location = _beside(beside, path)
    except AddressError as error:
        raise BrokenImageError(str(error)) from error
    return _read_file(location, limits)


def _beside(location: Location, path: str) -> Location:
    """Return the file of a path in a Parquet file: a whole one, or one relative to that file's folder."""
    if "://" in path:
        return locate(path)
    return location.at(
        path if path.startswith("/") else f"{location.path.rpartition('/')[0]}/{path}"
    )


def _read_value(content: bytes | None, limits: LabelledDataLimits) -> bytes:
    """Return the bytes of a column's value, within the bound."""
    if content is None:
        raise BrokenImageError("The row holds no picture: its value is null.")
    return read_file(content, limits)


def _read_file(location: Location, limits: LabelledDataLimits) -> bytes:
    """Read a picture's file, one byte more than the bound at most."""
    try:
        _check_plain(location)
        with location.filesystem.open_input_stream(location.path) as stream:
            content: bytes = stream.read(limits.max_member_bytes + 1)
    except (OSError, ValueError) as cause:  # the latter for a null character in a path
        if isinstance(cause, OSError) and not _leads_nowhere(location, cause):
            raise
        raise BrokenImageError(
            "The file cannot be read. Check its path, that it is there, and its permissions."
        ) from cause
    return read_file(content, limits)


def _check_plain(location: Location) -> None:
    """Raise FileNotFoundError for a pipe and the like, which would have its reader wait for ever."""
    is_local = isinstance(location.filesystem, fs.LocalFileSystem)
    if is_local and location.filesystem.get_file_info(location.path).type == fs.FileType.Unknown:
        raise FileNotFoundError(location.path)


def _leads_nowhere(location: Location, error: OSError) -> bool:
    """Tell whether it is the path's fault and not the storage's, which is asked where the error does not say.

    Raises:
        OSError: If the storage does not answer.
    """
    if isinstance(error, OF_THE_PATH) or error.errno is not None:
        return isinstance(error, OF_THE_PATH) or error.errno in NUMBERS_OF_THE_PATH
    return bool(location.filesystem.get_file_info(location.path).type != fs.FileType.File)
