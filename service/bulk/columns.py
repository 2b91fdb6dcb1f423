"""Columns: which of a Parquet file's columns holds the pictures, and which their names.

schema -> Columns
"""

from dataclasses import dataclass

import pyarrow as pa

from service.bulk import BulkError

NAME = "path"  # the column that names pictures, here and in results


@dataclass(frozen=True)
class Columns:
    """Columns of a Parquet file.

    Attributes:
        image: Holds the bytes of the pictures, or paths to them.
        name: Holds what they are called, or None.
    """

    image: str
    name: str | None

    @property
    def wanted(self) -> list[str]:
        """The columns to read."""
        return sorted({self.image, *([self.name] if self.name else [])})


def find_columns(schema: pa.Schema, wanted: str | None, address: str) -> Columns:
    """Find the columns by name or type: the only one of bytes, or else the one named `path`.

    Args:
        schema: Of the file.
        wanted: Name of the column of pictures, or None.
        address: The file's, for the message.

    Raises:
        BulkError: If there is no such column, or there are several of bytes.
    """
    of_bytes = [field.name for field in schema if _is_binary(field.type)]
    of_text = [field.name for field in schema if _is_text(field.type)]
    candidates = [wanted] if wanted else of_bytes or [name for name in of_text if name == NAME]
    if len(candidates) != 1 or candidates[0] not in of_bytes + of_text:
        raise BulkError(
            f"{address} has no column, or several, that may hold pictures: bytes, or a text column {NAME!r}. "
            f"Name it with --column; it has: {', '.join(schema.names)}."
        )
    has_names = NAME in of_text and candidates[0] in of_bytes
    return Columns(candidates[0], NAME if has_names else None)


def _is_binary(kind: pa.DataType) -> bool:
    """Tell whether a column holds bytes."""
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _is_text(kind: pa.DataType) -> bool:
    """Tell whether a column holds text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
