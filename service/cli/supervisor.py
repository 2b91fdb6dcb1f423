"""The supervisor: keeps workers alive that share a socket.

supervisor -> first worker -> it serves -> the others -> whichever ends is replaced
a start that fails from then on -> the others serve -> another try, later and later
signal to stop -> at once, whatever it waits for -> every worker drains and ends, or is ended
no supervisor any more -> every worker drains and ends
"""

import contextlib
import logging
import math
import signal
import socket
import time
from collections.abc import Iterator

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import multiprocess
from uvicorn.supervisors.multiprocess import Multiprocess

from service.cli.addresses import announce
from service.cli.stop_times import END_S, LAST_CONNECTIONS_S
from service.cli.worker_process import START_TIMEOUT_S, StopFlag, Worker
from service.settings import Settings

MAX_PAUSE_S = (
    60.0  # between two tries to start a worker; the first comes after a second, and each doubles it
)
LOOK_S = 0.1  # between two looks for the end of a worker

logger = logging.getLogger("digitserve")


multiprocess.Process = Worker  # type: ignore[misc]  # by this name its supervisor makes processes


class Supervisor(Multiprocess):
    """Keeps workers alive that share a socket, and says how to use them once the first can be used.

    The others start after the first: what is wrong with a bundle or an engine is said once, and ends the start.
    What is wrong later keeps a worker from being replaced, and ends nobody who serves.
    """

    processes: list[Worker]  # type: ignore[assignment]  # see below `Worker`

    def __init__(
        self, config: uvicorn.Config, listeners: list[socket.socket], settings: Settings
    ) -> None:
        super().__init__(config, listeners)
        self._settings = settings
        self._leaving: list[Worker] = []  # were told to end, and have been replaced
        self.should_exit = StopFlag()
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda *_: self.should_exit.set())
        self.has_failed = False  # whether the first worker could not start

    @property
    def _end_timeout_s(self) -> float:
        """Longest time from the signal to the end of a worker, in seconds."""
        return 2 * (self.config.timeout_graceful_shutdown or 0) + LAST_CONNECTIONS_S + END_S

    def init_processes(self) -> None:
        """Start the first worker, then the others."""
        num_workers, self.processes_num = self.processes_num, 1
        super().init_processes()
        first = self.processes[0]
        # Without a bound, as for one process alone; told to stop meanwhile, it may serve all the same.
        if not first.wait_until_ready(math.inf, self.should_exit) and not first.is_ready():
            self.has_failed = not self.should_exit.is_set()
            self.should_exit.set()
            first.kill()  # it serves nobody, and may hang
            return
        announce(self.sockets[0], self._settings)
        if self.should_exit.is_set():
            return
        self.processes_num = num_workers - 1
        try:
            super().init_processes()
        except (
            OSError
        ) as error:  # as at a limit of processes: those that are there end, and all is told
            logger.error("No worker can be started now: %s.", error.strerror)
            self.has_failed = True
            self.should_exit.set()
        self.processes_num = num_workers

    def keep_subprocess_alive(self) -> None:
        """Replace each worker that has ended or hangs, now or at a later look."""
        with _outlasting_shortage():
            for place, worker in enumerate(self.processes):
                if self.should_exit.is_set():
                    return
                if not worker.is_alive(timeout=self.config.timeout_worker_healthcheck):
                    self._replace(place, worker)

    def _replace(self, place: int, worker: Worker) -> None:
        """Start another worker in the place of one that has ended or hangs, unless it is too early to try again."""
        worker.kill()
        worker.join()
        num_failures = 0
        if worker.exitcode == STARTUP_FAILURE:
            if worker.failed_at is None:
                worker.failed_at = time.monotonic()
                _tell_failure(worker)
            if time.monotonic() < worker.failed_at + min(2.0**worker.num_failures, MAX_PAUSE_S):
                return
            num_failures = worker.num_failures + 1
        self.processes[place] = self._start_worker(num_failures)

    def _start_worker(self, num_failures: int = 0) -> Worker:
        """Start a worker, in whose place so many starts have failed."""
        worker = Worker(self.config, self.sockets)
        worker.num_failures = num_failures
        worker.start()
        return worker

    def restart_all(self) -> None:
        """Replace each worker, once another serves in its place."""
        for place, old in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            new = self._start_worker()
            if not new.wait_until_ready(START_TIMEOUT_S, self.should_exit):
                new.kill()
                new.join()
                if not self.should_exit.is_set():
                    logger.error(
                        "A new worker does not serve. The old ones that are left serve on."
                    )
                return
            self.processes[place] = new
            self._retire(old)

    def handle_ttou(self) -> None:
        """Have one worker less, but for the last."""
        if self.processes_num > 1:
            self.processes_num -= 1
            self._retire(self.processes.pop())

    def _retire(self, worker: Worker) -> None:
        """Tell a worker to end, and wait until it has; all are ended together where the supervisor is to stop."""
        worker.terminate()
        self._leaving.append(worker)
        end = time.monotonic() + self._end_timeout_s
        while worker.exitcode is None and not self.should_exit.is_set():
            if time.monotonic() >= end:
                _end(worker)
            worker.process.join(LOOK_S)
        if worker.exitcode is not None:
            self._leaving.remove(worker)

    def terminate_all(self) -> None:
        """Tell all workers to end.

        Clients are refused from when the last of them takes no more connections, rather than left to wait.
        """
        for listener in self.sockets:
            listener.close()
        super().terminate_all()

    def join_all(self) -> None:
        """Wait until all workers have ended, and end those that do not."""
        end = time.monotonic() + self._end_timeout_s
        for worker in (*self._leaving, *self.processes):
            worker.process.join(max(0.0, end - time.monotonic()))
            if worker.exitcode is None:
                _end(worker)
                worker.join()

    def handle_signals(self) -> None:
        """Do what signals ask for, as far as the system has room for new workers."""
        with _outlasting_shortage():
            super().handle_signals()


def _tell_failure(worker: Worker) -> None:
    """Say that a worker could not start, once for all tries in its place."""
    if not worker.num_failures:
        logger.error(
            "A worker could not start, for the reason above. The others serve on, and it is tried again, at "
            "least once in %g s.",
            MAX_PAUSE_S,
        )


def _end(worker: Worker) -> None:
    """End a worker that does not end by itself."""
    logger.error("Worker %d has not ended in time after it was told to. It is killed.", worker.pid)
    worker.kill()


@contextlib.contextmanager
def _outlasting_shortage() -> Iterator[None]:
    """Go on where the system has no process, memory or descriptor for a worker; those that there are serve on."""
    try:
        yield
    except OSError as error:
        logger.error("No worker can be started now: %s.", error.strerror)
