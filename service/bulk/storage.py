"""Storage: an address to a filesystem and a path on it, this machine's or an object store's.

digits/, s3://bucket/digits -> Location -> its files, sorted
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
from fsspec.utils import glob_translate
from pyarrow import ArrowInvalid, fs

from service.bulk import BulkError
from service.labelled_data.archive import is_junk

WILDCARDS = re.compile(r"[*?[]")


@dataclass(frozen=True)
class Location:
    """Where a file or a folder lies.

    Attributes:
        filesystem: A `pyarrow.fs.FileSystem`; it can be sent to other processes.
        path: The path on it.
        scheme: What precedes the path in an address: empty on this machine, or such as `s3://`.
    """

    filesystem: Any
    path: str
    scheme: str = ""

    @property
    def address(self) -> str:
        """What a person calls it."""
        return self.scheme + self.path

    def at(self, path: str) -> "Location":
        """Return another path of the same filesystem."""
        return Location(self.filesystem, path, self.scheme)


def locate(address: str) -> Location:
    """Find the filesystem of an address: a path, or a URL that pyarrow or fsspec knows.

    Raises:
        BulkError: If neither knows its kind, or the package that its kind needs is missing.
    """
    scheme, separator, _ = address.partition("://")
    if not separator:
        return Location(fs.LocalFileSystem(), str(Path(address).absolute()))
    try:
        filesystem, path = fs.FileSystem.from_uri(address)
    except ArrowInvalid:
        filesystem, path = _locate_by_fsspec(address)
    return Location(filesystem, path, "" if scheme == "file" else f"{scheme}://")


def _locate_by_fsspec(address: str) -> tuple[Any, str]:
    """Find the filesystem of a URL that pyarrow does not know."""
    try:
        filesystem, path = fsspec.url_to_fs(address)
    except (ImportError, ValueError) as cause:
        scheme = address.partition("://")[0]
        raise BulkError(
            f"{scheme}:// is no kind of storage that is known here. Install the package with which fsspec "
            "reads it, or give a path, s3:// or gs://."
        ) from cause
    return fs.PyFileSystem(fs.FSSpecHandler(filesystem)), path


def find_files(source: Location) -> Iterator[str]:
    """Yield the paths of a source's files, in an order that is always the same.

    Args:
        source: A file, a folder, or a pattern: `*` and `?` within a name, `**` across folders.

    Raises:
        BulkError: If there is nothing there.
    """
    kind = source.filesystem.get_file_info(source.path).type
    if kind == fs.FileType.File:
        yield source.path
    elif kind == fs.FileType.Directory:
        yield from _walk(source.filesystem, source.path)
    elif WILDCARDS.search(source.path):
        yield from _match(source)
    else:
        raise BulkError(f"There is nothing at {source.address}. Check its spelling.")


def _match(source: Location) -> Iterator[str]:
    """Yield the files that a pattern describes."""
    folder = WILDCARDS.split(source.path, maxsplit=1)[0].rpartition("/")[0]
    pattern = re.compile(glob_translate(source.path))
    return (path for path in _walk(source.filesystem, folder) if pattern.fullmatch(path))


def _walk(filesystem: Any, folder: str) -> Iterator[str]:
    """Yield the files below a folder, one folder after the other, without what systems add by themselves."""
    selector = fs.FileSelector(folder, allow_not_found=True)
    entries = sorted(filesystem.get_file_info(selector), key=lambda entry: str(entry.path))
    for entry in entries:
        if is_junk(entry.base_name):
            continue
        if entry.type == fs.FileType.Directory:
            yield from _walk(filesystem, entry.path)
        else:
            yield str(entry.path)
