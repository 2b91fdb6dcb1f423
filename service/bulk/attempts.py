"""Attempts: how often a part was begun and not ended, told by notes in the folder of results.

part -> note that counts -> removed at the part's end, whatever it is; a note that is left: its worker died

A picture that crashes native code ends a worker without an error, and Ray would start another for the same part
again and again.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from service.bulk import BulkError
from service.bulk.parts import Part, write_part
from service.bulk.storage import Location

ATTEMPTS = 3  # of a part; a worker may also die by a machine that ends or has no memory left
NOTE = ".attempts"


@contextmanager
def counting(part: Part, folder: Location) -> Iterator[None]:
    """Count an attempt while the block lasts.

    Raises:
        BulkError: If so many workers have died of the part.
    """
    note = begin(part, folder)
    try:
        yield
    finally:
        with suppress(
            FileNotFoundError
        ):  # Ray may also give a part to two, if it takes one for lost
            note.filesystem.delete_file(note.path)


def begin(part: Part, folder: Location) -> Location:
    """Note an attempt, and return where.

    Raises:
        BulkError: If so many workers have died of the part; then the note is gone.
    """
    note = _note_of(part, folder)
    before = _read(note)
    if before >= ATTEMPTS:
        note.filesystem.delete_file(note.path)
        raise BulkError(
            f"{ATTEMPTS} workers have died of {part.describe()}. Give the same command with --block 1 to learn of "
            "which picture, and take that out of the source."
        )
    with note.filesystem.open_output_stream(note.path) as stream:
        stream.write(str(before + 1).encode())
    return note


def _note_of(part: Part, folder: Location) -> Location:
    """Return where the note of a part is; readers of Parquet folders pass over its name."""
    label = hashlib.blake2b(write_part(part)["part"].encode(), digest_size=16).hexdigest()
    return folder.at(f"{folder.path}/.{label}{NOTE}")


def _read(note: Location) -> int:
    """Return how many attempts a note counts; none where there is none, or its writer died over it."""
    try:
        with note.filesystem.open_input_stream(note.path) as stream:
            return int(stream.read() or b"0")
    except FileNotFoundError:
        return 0
