"""The files that a command is given: how they are read, and what is wrong with one."""

import sys
from pathlib import Path


def read_file(name: str) -> bytes:
    """Read a file, or standard input for `-`.

    Raises:
        OSError: If it cannot be read.
    """
    return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()


def describe(error: Exception) -> str:
    """Return what is wrong with a file, without repeating its name."""
    if isinstance(error, OSError):
        return (
            f"The file cannot be read: {error.strerror or error}. Check its path and permissions."
        )
    return str(error)
