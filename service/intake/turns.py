"""Turns: who works on the event loop for milliseconds, in the order of coming and a few at a time.

The loop can neither read nor answer anybody while work that is ready holds it: of sixty photos that came back from
their decoders together, all would. So only so many pieces of work run in one iteration of the loop, and the others
wait for the next ones.
"""

import asyncio
from collections import deque


class Turns:
    """Gives so many turns in each iteration of the event loop, first come, first served.

    To be used from one event loop at a time.

    Args:
        num_per_iteration: Pieces of work that may run before the loop looks at its connections again.
    """

    def __init__(self, num_per_iteration: int) -> None:
        self._num_per_iteration = num_per_iteration
        self._num_given = 0  # in this iteration
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def wait(self) -> None:
        """Return when it is this one's turn; at once where one is left in this iteration."""
        loop = asyncio.get_running_loop()
        if self._num_given == self._num_per_iteration:
            turn = loop.create_future()
            self._waiting.append(turn)
            await turn
            return
        if not self._num_given:
            loop.call_soon(self._begin_next)
        self._num_given += 1

    def _begin_next(self) -> None:
        """Give the turns of the next iteration to those who wait, and be called again after them."""
        self._num_given = 0
        while self._waiting and self._num_given < self._num_per_iteration:
            turn = self._waiting.popleft()
            if not turn.done():  # its request may have been cancelled
                turn.set_result(None)
                self._num_given += 1
        if self._num_given:
            asyncio.get_running_loop().call_soon(self._begin_next)
