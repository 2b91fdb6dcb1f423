"""Parts: what a worker is given at a time, as a row that Ray Data can carry.

Part <-> row of an Arrow table
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Literal

import pyarrow as pa

Kind = Literal["files", "zip", "parquet"]
"""What a part is of: picture files, the members of a zip, the rows of a Parquet file."""


@dataclass(frozen=True)
class Part:
    """Some pictures of a source.

    Attributes:
        kind: Of what.
        container: Path of the zip or the Parquet file; empty for files.
        names: Paths of the files; else empty.
        start: The first picture's place among the zip's pictures or the row group's rows.
        stop: The place behind the last one.
        row_group: Number of the row group in the Parquet file.
    """

    kind: Kind
    container: str = ""
    names: list[str] = field(default_factory=list)
    start: int = 0
    stop: int = 0
    row_group: int = 0

    @property
    def num_images(self) -> int:
        """How many pictures it has."""
        return len(self.names) or self.stop - self.start

    def describe(self) -> str:
        """Say which pictures they are."""
        if self.kind == "files":
            return " to ".join(dict.fromkeys((self.names[0], self.names[-1])))
        group = f" of row group {self.row_group}" if self.kind == "parquet" else ""
        return f"{self.container}, pictures {self.start:,} to {self.stop - 1:,}{group}"


def write_part(part: Part) -> dict[str, str]:
    """Write a part as a row, whose column is of the same type for every kind."""
    return {"part": json.dumps(asdict(part))}


def read_parts(rows: pa.Table) -> list[Part]:
    """Read parts from rows."""
    return [Part(**json.loads(text)) for text in rows["part"].to_pylist()]
