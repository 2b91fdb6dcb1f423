"""Bookkeeping: requests that are over are counted and logged some milliseconds later, several at a time.

    request is over -> kept for a moment -> metrics, log

Done between two answers it would cost an upload of a small picture a tenth of its time: the processor's caches
hold the decoder and the network by then, and would be filled anew for each request.
"""

import asyncio
import logging

from service.log_lines import RequestEvent
from service.metrics.recorder import Recorder

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

    def enter(self, route: str, event: RequestEvent) -> None:
        """Enter a request that is over, under the template of its route."""
        self._waiting.append((route, event))
        if not self._delay_s:
            self.settle()
        elif len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(self._delay_s, self.settle)

    def settle(self) -> None:
        """Count and log now what waits."""
        waiting, self._waiting = self._waiting, []
        for route, event in waiting:
            self._recorder.count(route, event.status, event.duration_s, event.record)
        for _, event in waiting:
            logger.info(event)
