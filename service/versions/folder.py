"""The private folder that the workers of one service share, from its start to its end.

It lies in memory where it can: a full disk keeps no version from being changed. Whoever uses it holds a lock
on it, which the kernel takes from a process that ends in any way. So a service that starts knows the
folders of those that were killed, and removes them.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a private folder of its own is made in it
PREFIX = "digitserve-board-"
ROOM_BYTES = 65_536  # a notice and the acknowledgements of many workers take a few kilobytes
YOUNG_S = 60.0  # a folder this new may have an owner that has not locked it yet


@contextlib.contextmanager
def make_folder() -> Iterator[Path | None]:
    """Make a private folder, and remove it at the end; give None where none has room."""
    with contextlib.ExitStack() as stack:
        folder = None
        for memory in (IN_MEMORY, None):
            with contextlib.suppress(OSError):
                parent = memory or Path(tempfile.gettempdir())
                _remove_abandoned(parent)
                folder = stack.enter_context(_folder_with_room(parent))
                break
        yield folder


@contextlib.contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Keep others from taking a folder for abandoned."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _folder_with_room(parent: Path) -> Iterator[Path]:
    """Make a folder in another; OSError if that cannot be written, or is full."""
    made = tempfile.TemporaryDirectory(prefix=PREFIX, dir=parent, ignore_cleanup_errors=True)
    with made as name, hold(Path(name)):
        folder = Path(name)
        room = folder / "room"
        room.write_bytes(bytes(ROOM_BYTES))
        room.unlink()
        yield folder


def _remove_abandoned(parent: Path) -> None:
    """Remove the folders of services that were killed; those of other users cannot even be opened."""
    for folder in parent.glob(f"{PREFIX}*/"):
        with contextlib.suppress(OSError):
            age_s = time.time() - folder.stat().st_mtime
            if age_s > YOUNG_S and not _is_held(folder):
                shutil.rmtree(folder)


def _is_held(folder: Path) -> bool:
    """Tell whether a process holds a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
