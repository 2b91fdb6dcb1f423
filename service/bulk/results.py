"""Results: what became of pictures, as Parquet files of a folder that are also the record of what is done.

    names, outcomes -> rows -> a file, written aside and renamed; files -> the paths that need no more work

A file's name follows from the paths in it: a block that is scored again, by another worker or in a later run,
replaces itself.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from service.batches import Outcome
from service.bulk import BulkError
from service.bulk.attempts import NOTE
from service.bulk.columns import NAME
from service.bulk.storage import Location
from service.errors import UploadError
from service.inference.recognition import Model, Prediction

SCHEMA = pa.schema(
    [
        pa.field(NAME, pa.string(), nullable=False),
        ("class", pa.int8()),
        ("confidence", pa.float64()),
        ("probabilities", pa.list_(pa.float64())),
        ("status", pa.string()),
        ("warnings", pa.list_(pa.string())),
        ("error", pa.string()),
    ]
)
UNKNOWN_FAILURE = (
    "The picture could not be recognised: this is a failure of ours, not of the picture."
)
MODEL = b"digitserve.model"  # of a file's metadata: name and version
SUFFIX = ".parquet"
UNFINISHED = "."  # readers of Parquet folders pass over names that begin so
DIGEST_BYTES = 16  # of a path: two of a thousand million are alike with a probability of 1e-21

Digests = npt.NDArray[np.bytes_]


def identify(model: Model) -> str:
    """Return the name and version of a model, as results name it."""
    manifest = model.bundle.manifest
    return f"{manifest.name}/{manifest.version}"


def make_table(names: Sequence[str], outcomes: Sequence[Outcome], model: str) -> pa.Table:
    """Write what became of pictures as rows.

    Args:
        names: Of the pictures.
        outcomes: One for each.
        model: Its name and version.
    """
    rows = [_row(name, outcome) for name, outcome in zip(names, outcomes, strict=True)]
    schema = SCHEMA.with_metadata({MODEL: model.encode()})
    return pa.Table.from_pylist(rows, schema=schema)


def _row(name: str, outcome: Outcome) -> dict[str, Any]:
    """Write what became of one picture; what does not apply is null."""
    if isinstance(outcome, Prediction):
        return {
            NAME: name,
            "class": outcome.digit,
            "confidence": outcome.confidence,
            "probabilities": outcome.probabilities,
            "status": outcome.status,
            "warnings": outcome.seen.warnings,
        }
    return {
        NAME: name,
        "error": str(outcome) if isinstance(outcome, UploadError) else UNKNOWN_FAILURE,
    }


def write_block(table: pa.Table, folder: Location) -> None:
    """Write rows as a file that is there whole or not at all."""
    name = digest_paths(table[NAME].to_pylist())
    label = hashlib.blake2b(name.tobytes(), digest_size=DIGEST_BYTES).hexdigest() + SUFFIX
    aside = f"{folder.path}/{UNFINISHED}{label}"
    pq.write_table(table, aside, filesystem=folder.filesystem)
    folder.filesystem.move(aside, f"{folder.path}/{label}")


def digest_paths(paths: Iterable[str]) -> Digests:
    """Return the digest of every path, which takes a fraction of its room: bytes [N], of 16."""
    return np.frombuffer(b"".join(map(_digest, paths)), dtype=f"S{DIGEST_BYTES}")


def _digest(path: str) -> bytes:
    return hashlib.blake2b(path.encode(errors="surrogateescape"), digest_size=DIGEST_BYTES).digest()


def find_results(folder: Location) -> list[str]:
    """Return the paths of the result files in a folder."""
    selector = fs.FileSelector(folder.path, allow_not_found=True)
    paths = [str(entry.path) for entry in folder.filesystem.get_file_info(selector)]
    return sorted(path for path in paths if _is_result(path))


def _is_result(path: str) -> bool:
    """Tell whether a file is one of results, and whole."""
    name = PurePosixPath(path).name
    return name.endswith(SUFFIX) and not name.startswith(UNFINISHED)


def read_done(folder: Location) -> Iterator[tuple[Digests, npt.NDArray[np.bool_]]]:
    """Yield the digests of the paths that have a result, and which of these are an error, file by file."""
    for path in find_results(folder):
        table = pq.read_table(path, columns=[NAME, "error"], filesystem=folder.filesystem)
        has_error = np.array(table["error"].is_valid().to_pylist(), dtype=bool)
        yield digest_paths(table[NAME].to_pylist()), has_error


def prepare_folder(folder: Location, model: str) -> int:
    """Make the folder of results, or go on in one: remove what a killed run left unfinished.

    Args:
        folder: Where results go.
        model: Name and version of the model that is about to score.

    Returns:
        How many result files there are.

    Raises:
        BulkError: If the folder holds something else, or results of another model.
    """
    folder.filesystem.create_dir(folder.path, recursive=True)
    results = find_results(folder)
    for path in results[:1]:
        _check_model(folder.at(path), model)
    for entry in folder.filesystem.get_file_info(fs.FileSelector(folder.path)):
        if entry.base_name.startswith(UNFINISHED) and entry.base_name.endswith((SUFFIX, NOTE)):
            folder.filesystem.delete_file(entry.path)
    return len(results)


def _check_model(result: Location, model: str) -> None:
    """Raise BulkError unless a file holds results of that model."""
    try:
        metadata = pq.read_schema(result.path, filesystem=result.filesystem).metadata or {}
    except ValueError:
        metadata = {}
    if (found := metadata.get(MODEL, b"").decode()) != model:
        raise BulkError(
            f"{result.address} holds results of {found or 'something else'}, and {model} is to score. Give "
            "another destination, or remove what is there."
        )
