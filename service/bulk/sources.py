"""Sources: a folder, a pattern, zips, Parquet files -> parts of at most so many pictures.

    location -> files, by their suffix -> Part

Only names, directories and footers are read here; pictures are the workers' part.
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow.parquet as pq

from service.bulk import BulkError
from service.bulk.columns import find_columns
from service.bulk.parts import Part
from service.bulk.storage import Location, find_files
from service.bulk.zips import list_members, open_zip

# A worker that begins in the middle of a row group passes over what precedes: in so many parts it costs little.
PARTS_OF_ROW_GROUP = 32


def list_parts(source: Location, block_images: int, column: str | None = None) -> Iterator[Part]:
    """List what a source holds.

    Args:
        source: A picture, a zip, a Parquet file, or a folder or pattern of any of these.
        block_images: Most pictures of a part of files or of a zip, at least 1.
        column: Column of Parquet files that holds the pictures, or None.

    Raises:
        BulkError: If there is nothing, or a zip or a Parquet file is damaged, or the latter has no column of pictures.
    """
    pictures: list[str] = []
    for path in find_files(source):
        if path.lower().endswith(".zip"):
            yield from _split_zip(source.at(path), block_images)
        elif path.lower().endswith((".parquet", ".pq")):
            yield from _split_parquet(source.at(path), block_images, column)
        else:
            pictures.append(path)
        if len(pictures) == block_images:
            yield Part("files", names=list(pictures))
            pictures.clear()
    if pictures:
        yield Part("files", names=list(pictures))


def _split_zip(location: Location, block_images: int) -> Iterator[Part]:
    """Split the pictures of a zip."""
    with open_zip(location) as archive:
        num_images = len(list_members(archive))
    for start, stop in _ranges(num_images, block_images):
        yield Part("zip", location.path, start=start, stop=stop)


def _split_parquet(location: Location, block_images: int, column: str | None) -> Iterator[Part]:
    """Split the row groups of a Parquet file."""
    for number, num_rows in enumerate(_row_groups(location, column)):
        size = max(block_images, math.ceil(num_rows / PARTS_OF_ROW_GROUP))
        for start, stop in _ranges(num_rows, size):
            yield Part("parquet", location.path, start=start, stop=stop, row_group=number)


def _row_groups(location: Location, column: str | None) -> list[int]:
    """Return the numbers of rows of a Parquet file's row groups."""
    try:
        metadata: Any = pq.read_metadata(location.path, filesystem=location.filesystem)
    except (OSError, ValueError) as cause:
        raise BulkError(f"{location.address} is no whole Parquet file. Write it anew.") from cause
    find_columns(metadata.schema.to_arrow_schema(), column, location.address)
    return [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]


def _ranges(total: int, size: int) -> Iterable[tuple[int, int]]:
    """Split the numbers from 0 to `total` into ranges of at most `size`."""
    return itertools.pairwise([*range(0, total, size), total]) if total else ()
