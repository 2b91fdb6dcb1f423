"""A worker: a process of the supervisor's with a server in it, which ends when there is no supervisor any more."""

import contextlib
import logging
import math
import multiprocessing
import socket
import threading
import time
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, cast

from uvicorn.supervisors.multiprocess import Process

if TYPE_CHECKING:
    from service.cli.servers import SharingServer

START_TIMEOUT_S = (
    60.0  # of a worker that takes another's place; it takes one on a machine that has time
)

logger = logging.getLogger("digitserve")


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

    def start(self) -> None:
        """Start it; until it has answered for the first time, it may take longer than later."""
        super().start()
        self._may_be_silent_until = time.monotonic() + START_TIMEOUT_S

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
        """Serve in that process, at most for as long as there is a supervisor."""
        _ = self.server  # made before several threads ask for it
        watch = threading.Thread(
            target=self.outlive, args=(multiprocessing.parent_process(),), daemon=True
        )
        watch.start()
        super().target(sockets)

    def outlive(self, supervisor: BaseProcess) -> None:
        """Wait for the end of a supervisor that was killed, then stop as at SIGTERM.

        The wait ends when the system closes a pipe whose other end no process but the supervisor has. One
        that can stop its workers does, and waits for their end.
        """
        supervisor.join()
        logger.error("The supervisor is gone. This worker answers what it has been sent, and ends.")
        self.server.should_exit = True

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
    def server(self) -> "SharingServer":
        """The server."""
        from service.cli.servers import SharingServer  # the supervisor needs nothing that serves

        if self._server is None:
            self._server = SharingServer(self.config)
        return cast("SharingServer", self._server)
