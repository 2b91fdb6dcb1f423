"""The supervisor: keeps workers alive that share a socket.

supervisor -> first worker -> it serves -> the others -> whichever ends is replaced
no supervisor any more -> every worker drains and ends
"""

import contextlib
import logging
import math
import multiprocessing
import socket
import threading
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from typing import cast

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import multiprocess
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from service.cli.addresses import announce
from service.cli.servers import SharingServer
from service.settings import Settings

START_TIMEOUT_S = (
    60.0  # of a worker that takes another's place; it takes one on a machine that has time
)

logger = logging.getLogger("digitserve")


class Worker(Process):
    """A process of the supervisor's, with a server of ours in it."""

    def target(
        self, sockets: list[socket.socket] | None = None
    ) -> None:  # pragma: no cover - there
        """Serve in that process, at most for as long as there is a supervisor."""
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
            self._server = SharingServer(self.config)
        return cast("SharingServer", self._server)


multiprocess.Process = Worker  # type: ignore[misc]  # by this name its supervisor makes processes


class Supervisor(Multiprocess):
    """Keeps workers alive that share a socket, and says how to use them once the first can be used.

    The others start after the first: what is wrong with a bundle or an engine is said once.
    """

    def __init__(self, config: uvicorn.Config, listener: socket.socket, settings: Settings) -> None:
        super().__init__(config, [listener])
        self._settings = settings
        self._is_first_lost = False

    @property
    def has_failed(self) -> bool:
        """Whether a worker could not start."""
        return self._is_first_lost or any(
            process.exitcode == STARTUP_FAILURE for process in self.processes
        )

    def init_processes(self) -> None:
        """Start the first worker, then the others."""
        num_workers, self.processes_num = self.processes_num, 1
        super().init_processes()
        # Without a bound, as for one process alone.
        if not self.processes[0].wait_until_ready(math.inf):
            self._is_first_lost = not self.signal_queue
            self.should_exit.set()
            return
        announce(self.sockets[0], self._settings)
        self.processes_num = num_workers - 1
        super().init_processes()

    def keep_subprocess_alive(self) -> None:
        """Replace each worker that has ended or hangs, now or at a later look."""
        with _outlasting_shortage():
            super().keep_subprocess_alive()

    def handle_signals(self) -> None:
        """Do what signals ask for, as far as the system has room for new workers."""
        with _outlasting_shortage():
            super().handle_signals()


@contextlib.contextmanager
def _outlasting_shortage() -> Iterator[None]:
    """Go on where the system has no process, memory or descriptor for a worker; those that there are serve on."""
    try:
        yield
    except OSError as error:
        logger.error("No worker can be started now: %s.", error.strerror)
