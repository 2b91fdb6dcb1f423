"""The watchdog: ends a process whose engine or event loop hangs, since a thread cannot be ended.

event loop -> beat, while every model works -> thread that counts -> stacks on standard error, end

The supervisor starts another worker; a process without one is started anew by whatever runs it.
"""

import contextlib
import faulthandler
import logging
import os
import sys
import threading

INTERVAL_S = 1.0  # between two looks
LAST_WORDS_S = 2.0  # longest time for what is said at the end
EXIT_CODE = 1  # not the one by which a supervisor knows that a start failed

logger = logging.getLogger("digitserve")


class Watchdog:
    """Ends this process when it has heard nothing for too long.

    Looks are counted, not seconds: a process that was stopped for a while has not looked.

    Args:
        timeout_s: How long it waits; 0: it does nothing.
    """

    def __init__(self, timeout_s: int) -> None:
        self._timeout_s = timeout_s
        self._num_looks = 0  # since the last beat
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        if self._timeout_s:
            self._thread.start()

    def beat(self, *, allow_s: float = 0) -> None:
        """Tell it that all is well.

        Args:
            allow_s: How much longer than usual the next one may take, in seconds.
        """
        self._num_looks = -round(allow_s / INTERVAL_S)

    def stop(self) -> None:
        """Watch no more."""
        self._is_over.set()

    def _watch(self) -> None:
        """Look once a second."""
        while not self._is_over.wait(INTERVAL_S):
            self.look()

    def look(self) -> None:
        """End the process if it has been silent for too many looks."""
        self._num_looks += 1
        if self._num_looks * INTERVAL_S >= self._timeout_s:
            self._end()

    def _end(self) -> None:
        """End the process, and show what each thread was doing, as far as anybody reads it."""
        # What hangs may hold the lock of the log, and standard error may be full.
        with contextlib.suppress(RuntimeError):  # no thread can be started
            end = threading.Timer(LAST_WORDS_S, os._exit, (EXIT_CODE,))
            end.daemon = True
            end.start()
        logger.critical(
            "The engine or the event loop has hung for %d s. This process ends; its threads were at:",
            self._timeout_s,
        )
        faulthandler.dump_traceback(sys.__stderr__ or sys.stderr)
        os._exit(EXIT_CODE)
