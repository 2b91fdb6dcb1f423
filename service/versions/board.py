"""The board: a folder that the workers of one service share.

    notice.json        what all keep to; replaced as a whole
    change.lock        locked by whoever prepares a change
    members/<id>.lock  locked by a worker for as long as it lives
    members/<id>.json  the last notice that it has followed

The kernel takes locks from a process that ends in any way, so that nobody waits for the dead.
"""

import contextlib
import fcntl
import logging
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict

from service.errors import BundleError, ChangeUnderWayError
from service.versions.folder import hold
from service.versions.notice import Notice

logger = logging.getLogger("digitserve")


class Acknowledgement(BaseModel):
    """What a worker says when it has followed a notice.

    Attributes:
        generation: That of the notice.
        error: Why it could not load the candidate, if so.
    """

    model_config = ConfigDict(frozen=True)

    generation: int
    error: str | None = None


class Member:
    """A worker's place on the board, from when it joins until it leaves or ends.

    Args:
        locks: What it holds.
        path: Where it acknowledges.
    """

    def __init__(self, locks: contextlib.ExitStack, path: Path) -> None:
        self._locks = locks
        self._path = path

    def acknowledge(self, acknowledgement: Acknowledgement) -> None:
        """Say which notice was followed; where the folder is full, the log says that it could not be said.

        A change then fails for want of this worker's word, and a worker that starts can serve all the same.
        """
        try:
            _replace(self._path, acknowledgement.model_dump_json())
        except OSError as failure:
            logger.error(
                "A worker cannot acknowledge its versions: %s. None can be changed until the memory that "
                "workers share is free again.",
                failure.strerror,
            )

    def leave(self) -> None:
        """Give the place up."""
        self._locks.close()


class Board:
    """Where workers find the notice, and each other.

    Args:
        folder: Private to the service; all of its workers use the same.
    """

    def __init__(self, folder: Path) -> None:
        self._notice = folder / "notice.json"
        self._change = folder / "change.lock"
        self._members = folder / "members"
        self._members.mkdir(exist_ok=True)

    def read(self) -> Notice | None:
        """Return the notice; None before there is one."""
        try:
            return Notice.model_validate_json(self._notice.read_bytes())
        except FileNotFoundError:
            return None

    def post(self, notice: Notice) -> None:
        """Replace the notice, at once for all who read it.

        Raises:
            BundleError: If it cannot be written; the old one stays.
        """
        try:
            _replace(self._notice, notice.model_dump_json())
        except OSError as cause:
            raise BundleError(
                f"The folder that the workers share cannot be written: {cause.strerror}. Free its memory."
            ) from cause

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep others from changing versions.

        Raises:
            ChangeUnderWayError: If another does so.
        """
        with self._change.open("ab") as lock:
            if not _try_lock(lock):
                raise ChangeUnderWayError(
                    "Another change of versions is under way. Wait until it has been answered, then look "
                    "at /model/versions."
                )
            yield

    def join(self) -> Member:
        """Take a place among the workers."""
        # Named when it is locked: nobody takes it for one of the dead.
        member = uuid.uuid4().hex
        joining = self._members / f"{member}.joining"
        locks = contextlib.ExitStack()
        _try_lock(locks.enter_context(joining.open("ab")))
        locks.enter_context(hold(self._members.parent))
        joining.rename(self._members / f"{member}.lock")
        return Member(locks, self._members / f"{member}.json")

    def acknowledgements(self) -> list[Acknowledgement | None]:
        """Return what every worker that lives said last; None for one that has not said anything."""
        return [_read(path) for path in sorted(self._members.glob("*.lock")) if _is_held(path)]


def _read(lock: Path) -> Acknowledgement | None:
    """Return what the worker with a lock said last."""
    path = lock.with_suffix(".json")
    try:
        return Acknowledgement.model_validate_json(path.read_bytes())
    except FileNotFoundError:  # it has said nothing, or leaves just now
        return None


def _is_held(path: Path) -> bool:
    """Tell whether a process holds the lock of a file; forget the file if none does."""
    try:
        with path.open("rb") as lock:
            if not _try_lock(lock):
                return True
    except FileNotFoundError:  # another process forgot it just now
        return False
    path.unlink(missing_ok=True)
    path.with_suffix(".json").unlink(missing_ok=True)
    return False


def _try_lock(file: IO[bytes]) -> bool:
    """Lock a file for as long as it is open, and tell whether that could be done."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _replace(path: Path, text: str) -> None:
    """Write a file so that who reads it sees the old content or the new."""
    aside = path.with_suffix(f".{os.getpid()}")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)
