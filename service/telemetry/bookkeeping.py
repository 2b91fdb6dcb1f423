"""Bookkeeping: requests that are over are counted and logged some milliseconds later, several at a time.

    request is over -> kept for a moment, while others are in work -> metrics, log

Done between two answers it would cost an upload of a small picture a tenth of its time: the processor's caches
hold the decoder and the network by then, and would be filled anew for each request. A client that comes alone
pays nothing for it while it reads its answer, and would wait for all of it later.
"""

import asyncio
import logging

from service.telemetry.log_lines import RequestEvent, log_requests
from service.telemetry.metrics.recorder import Recorder

DELAY_S = 0.005  # of a service that is loaded; nobody reads a log or the metrics so soon

logger = logging.getLogger("digitserve")


class Bookkeeper:
    """Counts and logs requests that are over.

    To be used from one event loop.

    Args:
        recorder: Counts them.
        delay_s: How long a request may wait for it, in seconds; 0: it is done at once.
    """

    def __init__(self, recorder: Recorder, delay_s: float = 0.0) -> None:
        self._recorder = recorder
        self._delay_s = delay_s
        self._waiting: list[tuple[str, RequestEvent]] = []
        self._is_due = False

    def enter(self, route: str, event: RequestEvent) -> None:
        """Enter a request that is over, under the template of its route."""
        self._waiting.append((route, event))
        if self._delay_s:
            self._settle_soon()
        else:
            self.settle()

    def _settle_soon(self) -> None:
        """See to it that what waits is settled: at once after the answer has left where nobody waits for another."""
        loop = asyncio.get_running_loop()
        if self._recorder.is_idle:
            loop.call_soon(self.settle)
        elif not self._is_due:
            self._is_due = True
            loop.call_later(self._delay_s, self._settle_when_due)

    def _settle_when_due(self) -> None:
        """Count and log what has waited long enough."""
        self._is_due = False
        self.settle()

    def settle(self) -> None:
        """Count and log now what waits."""
        waiting, self._waiting = self._waiting, []
        for route, event in waiting:
            self._recorder.count(route, event.status, event.duration_s, event.record)
        log_requests(logger, [event for _, event in waiting])
