"""A worker: a process of the supervisor's with a server in it.

supervisor, with all that serves imported -> fork -> signals and log of its own -> server

A fork imports nothing again and shares with the others what it only reads: a second worker takes 0.15 s of a
core to start instead of most of a second, and half the memory.
"""

import contextlib
import math
import multiprocessing
import os
import signal
import socket
import threading
import time
from typing import cast

import uvicorn
from uvicorn.supervisors.multiprocess import SIGNALS, Process

from service.cli.servers import SharingServer

START_TIMEOUT_S = (
    60.0  # of one that takes another's place; on a machine that has time it takes a fraction of one
)
FORK = multiprocessing.get_context("fork")


class StopFlag(threading.Event):
    """An event for a handler of signals, which must not wait for a lock that the thread it interrupts holds."""

    def __init__(self) -> None:
        super().__init__()
        self._has_come = False

    def is_set(self) -> bool:
        """Tell whether to stop."""
        return self._has_come

    def set(self) -> None:
        """Have everything stop."""
        self._has_come = True

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for so many seconds, to their end, unless it is set already; tell whether it is."""
        if not self._has_come:
            time.sleep(timeout or 0)
        return self._has_come


class Worker(Process):
    """A process of the supervisor's, with a server of ours in it.

    Attributes:
        num_failures: Starts in its place that failed one after the other before this one.
        failed_at: When its own start was seen to have failed, in seconds of `time.monotonic`.
    """

    num_failures = 0
    failed_at: float | None = None
    _may_be_silent_until = math.inf  # in seconds of `time.monotonic`

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self.process = FORK.Process(target=self._begin, args=(sockets,))  # type: ignore[assignment]
        self._supervisor_id = os.getpid()

    def start(self) -> None:
        """Start it; until it has answered for the first time, it may take longer than later.

        A signal to it waits until the supervisor's handlers are none of its own any more.

        Raises:
            OSError: If the system has no room for it. Nothing is left of the attempt then.
        """
        mask, descriptors = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS), _list_descriptors()
        try:
            super().start()
        except OSError:  # Python leaves open what it opened for a fork that fails
            for each in _list_descriptors() - descriptors:
                os.close(each)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        self._may_be_silent_until = time.monotonic() + START_TIMEOUT_S

    def _begin(self, sockets: list[socket.socket]) -> None:  # pragma: no cover - there
        """Serve in that process, with nothing of the supervisor's that it would share unawares."""
        for each in SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            self.config.configure_logging()
            self.target(sockets)

    def is_alive(self, timeout: float = 5) -> bool:
        """Tell whether it runs and does not hang.

        Args:
            timeout: How long it may take to answer, once it has answered at all, in seconds.
        """
        if super().is_alive(timeout):
            self._may_be_silent_until = -math.inf
            return True
        return self.process.is_alive() and time.monotonic() < self._may_be_silent_until

    def target(
        self, sockets: list[socket.socket] | None = None
    ) -> None:  # pragma: no cover - there
        """Serve, and answer the supervisor's questions."""
        _ = self.server  # made before several threads ask for it
        super().target(sockets)

    def is_ready(self, timeout: float = 5) -> bool:
        """Tell whether it serves now, whatever it says only now to questions that it was asked before.

        Args:
            timeout: How long it may take to answer, in seconds.
        """
        if self.exitcode is not None:  # it would not answer, and be waited for
            return False
        with contextlib.suppress(OSError, EOFError):  # it has ended
            while self.parent_conn.poll():
                self.parent_conn.recv()
        return super().is_ready(timeout)

    def wait_until_ready(self, timeout: float, should_exit: threading.Event | None = None) -> bool:
        """Wait until it serves, for longer than the server would: a busy machine starts it slowly.

        Args:
            timeout: In seconds; at least `START_TIMEOUT_S` is waited.
            should_exit: Ends the wait.

        Returns:
            Whether it serves.
        """
        return super().wait_until_ready(max(timeout, START_TIMEOUT_S), should_exit)

    @property
    def server(self) -> SharingServer:
        """The server."""
        if self._server is None:
            self._server = SharingServer(self.config, self._supervisor_id)
        return cast("SharingServer", self._server)


def _list_descriptors() -> set[int]:
    """Return the descriptors of this process, but for the one that lists them."""
    with os.scandir("/dev/fd") as entries:
        numbers = {int(entry.name) for entry in entries}
    return {number for number in numbers if _is_open(number)}


def _is_open(descriptor: int) -> bool:
    """Tell whether this process has a descriptor."""
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
