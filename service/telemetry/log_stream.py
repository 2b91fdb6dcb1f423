"""The log's stream: standard error, for whose reader nobody waits.

log record -> line -> standard error, if it takes it at once; else dropped and counted

A pipe that is full keeps whoever writes to it, the event loop here, and with it the lock of the log for all threads.
"""

import contextlib
import logging
import os
import socket
import stat
from collections.abc import Callable, Iterator
from functools import partial
from select import PIPE_BUF
from typing import Protocol

STANDARD_ERROR = 2


class LossCounter(Protocol):
    """Counts lines of the log that were lost."""

    def count_lost_lines(self, number: int) -> None:
        """Count some."""
        ...


class UnblockedHandler(logging.Handler):
    """Writes lines to a file, as far as it takes them at once.

    Args:
        descriptor: Of the file.

    Attributes:
        counter: Counts what was lost, from when there is one.
    """

    def __init__(self, descriptor: int = STANDARD_ERROR) -> None:
        super().__init__()
        self.counter: LossCounter | None = None
        self._rest = b""  # of a line that was taken in part
        self._closing = contextlib.ExitStack()
        self._write = _open(descriptor, self._closing)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or count it as lost."""
        try:
            line = self.format(record).encode(errors="backslashreplace") + b"\n"
        except (
            Exception
        ):  # a line that cannot be written is a fault of its own, and tells of itself
            self.handleError(record)
            return
        for part in (line,) if len(line) <= PIPE_BUF else _split(line):
            self._write_part(part)

    def _write_part(self, part: bytes) -> None:
        """Write some lines behind the rest of the one before, or count them as lost; the rest is kept then."""
        waiting = self._rest + part
        try:
            num_bytes = self._write(waiting)
        except OSError:  # full, gone, or a disk without room
            if self.counter is not None:
                self.counter.count_lost_lines(part.count(b"\n"))
        else:
            self._rest = waiting[num_bytes:]

    def close(self) -> None:
        """Close what was opened."""
        self._closing.close()
        super().close()


def _split(lines: bytes) -> Iterator[bytes]:
    """Part several lines into pieces that a pipe takes whole or not at all; a longer line stays one piece.

    Source: POSIX, write(): at most PIPE_BUF bytes are not torn by what other processes write.
    """
    piece = b""
    for line in lines.splitlines(keepends=True):
        if piece and len(piece) + len(line) > PIPE_BUF:
            yield piece
            piece = b""
        piece += line
    yield piece


def _open(descriptor: int, closing: contextlib.ExitStack) -> Callable[[bytes], int]:
    """Return what writes to a file without waiting, and returns how many bytes were taken.

    The file itself stays as it is: whoever shares it, a shell say, would be surprised by a change. So pipes and
    terminals are opened anew, with a state of their own. What cannot be opened is written to as it is.
    """
    with contextlib.suppress(OSError):
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISSOCK(mode):
            end = closing.enter_context(socket.socket(fileno=os.dup(descriptor)))
            return lambda line: end.send(line, socket.MSG_DONTWAIT)
        if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
            path, flags = f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY
            own = os.open(path, flags)
            closing.callback(os.close, own)
            return partial(os.write, own)
    return partial(os.write, descriptor)


@contextlib.contextmanager
def counting_lost_lines(counter: LossCounter) -> Iterator[None]:
    """Count the lines that are lost meanwhile."""
    handlers = logging.getLogger("digitserve").handlers
    own = [handler for handler in handlers if isinstance(handler, UnblockedHandler)]
    for handler in own:
        handler.counter = counter
    try:
        yield
    finally:
        for handler in own:
            handler.counter = None
