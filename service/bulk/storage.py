"""Storage: an address to a filesystem and a path on it, this machine's or an object store's.

digits/, s3://bucket/digits -> Location -> its files, sorted
"""

import functools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import fsspec
from fsspec.utils import glob_translate
from pyarrow import fs

from service.bulk import BulkError
from service.labelled_data.archive import is_junk

WILDCARDS = re.compile(r"[*?[]")
OF_PYARROW = (
    "s3",
    "gs",
    "gcs",
    "hdfs",
    "viewfs",
    "abfs",
    "abfss",
)  # schemes that fsspec need not be asked about
KEPT_FILESYSTEMS = 64  # one a bucket; S3 is asked for the region of each


class AddressError(BulkError):
    """An address is malformed, or of a kind that nothing here reads."""


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

    In a URL, `%20` and the like are decoded. Behind `?` come options of the storage, but for `file://`, whose paths
    may hold any character.

    Raises:
        AddressError: If it is malformed, or neither knows its kind.
        BulkError: If the package that its kind needs is missing.
        OSError: If the storage does not tell where the bucket lies.
    """
    scheme, separator, rest = address.partition("://")
    if not _is_text(address):
        raise AddressError(f"{address!r} is no UTF-8. Rename what it names.")
    if not separator:
        return Location(fs.LocalFileSystem(), str(Path(address).absolute()))
    if scheme == "file" and rest.removeprefix("localhost").startswith("/"):
        path = unquote(rest.removeprefix("localhost"))
        return Location(fs.LocalFileSystem(), str(Path(path)))
    if scheme in OF_PYARROW:
        return Location(*_locate_by_pyarrow(address, scheme, rest), f"{scheme}://")
    return Location(*_locate_by_fsspec(address), "" if scheme == "file" else f"{scheme}://")


def _locate_by_pyarrow(address: str, scheme: str, rest: str) -> tuple[Any, str]:
    """Find the filesystem of a URL that pyarrow knows; it cuts a path at `#` and takes no space, but quoted."""
    place, mark, options = rest.partition("?")
    bucket, _, path = place.partition("/")
    try:
        filesystem, base = _open_filesystem(
            f"{scheme}://{quote(bucket, safe='@:%')}/-{mark}{options}"
        )
    except ValueError as cause:
        raise AddressError(f"{address} is no address of that kind. Check its spelling.") from cause
    return filesystem, base.removesuffix("-") + unquote(path).rstrip("/")


@functools.lru_cache(maxsize=KEPT_FILESYSTEMS)
def _open_filesystem(root: str) -> tuple[Any, str]:
    """Return the filesystem of a URL, and the path on it; the same for the same URL."""
    filesystem, path = fs.FileSystem.from_uri(root)
    return filesystem, str(path)


def _locate_by_fsspec(address: str) -> tuple[Any, str]:
    """Find the filesystem of a URL that pyarrow does not know."""
    scheme = address.partition("://")[0]
    try:
        filesystem, path = fsspec.url_to_fs(address)
    except ImportError as cause:
        raise BulkError(
            f"{scheme}:// needs a package that is not installed: install the one with which fsspec reads it."
        ) from cause
    except ValueError as cause:
        raise AddressError(
            f"{scheme}:// is no kind of storage that is known here. Give a path, s3:// or gs://."
        ) from cause
    return fs.PyFileSystem(fs.FSSpecHandler(filesystem)), path


def find_files(source: Location) -> Iterator[str]:
    """Yield the paths of a source's files, in an order that is always the same.

    Args:
        source: A file, a folder, or a pattern: `*` within a name, `**` across folders. `?` stands for one character in
            paths and `file://` alone, since it begins the options of other URLs.

    Raises:
        BulkError: If there is nothing there, or a file whose name is no UTF-8.
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
    try:
        entries = sorted(filesystem.get_file_info(selector), key=lambda entry: str(entry.path))
    except UnicodeDecodeError as cause:
        raise BulkError(
            f"{folder} holds a name that is no UTF-8{_quote_unreadable(folder)}. Rename it: no result could name it."
        ) from cause
    for entry in entries:
        if is_junk(entry.base_name):
            continue
        if entry.type == fs.FileType.Directory:
            yield from _walk(filesystem, entry.path)
        else:
            yield str(entry.path)


def _quote_unreadable(folder: str) -> str:
    """Quote the first name that is no UTF-8, for a message."""
    names = sorted(path.name for path in Path(folder).glob("*") if not _is_text(path.name))
    return f", {os.fsencode(names[0])!r}" if names else ""


def _is_text(name: str) -> bool:
    """Tell whether a name was UTF-8, where the system knows it as bytes."""
    return not any("\ud800" <= character <= "\udfff" for character in name)
