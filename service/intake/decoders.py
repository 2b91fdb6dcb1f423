"""Decoders: the threads that decode what would hold up the event loop.

work -> one queue, first come, first served -> the thread that is free next -> back to the event loop
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import ParamSpec, TypeVar

from anyio import CancelScope

P = ParamSpec("P")
T = TypeVar("T")


class Decoders:
    """Threads for what takes milliseconds, most of it while it leaves Python's lock alone.

    A thread takes the next piece of work from the queue by itself, where anyio's limiter would have it wait for
    the event loop to hand it one.

    Args:
        num_threads: How many there may be; each starts when it is first needed.

    Attributes:
        num_threads: That number.
    """

    def __init__(self, num_threads: int) -> None:
        self.num_threads = num_threads
        self._pool = ThreadPoolExecutor(num_threads, "decoder")

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do some work in the next thread that is free.

        Who is cancelled waits for the end of work that has begun, and has other work left out.

        Raises:
            Exception: What the work raised.
        """
        done = self._pool.submit(work, *args, **kwargs)
        try:
            return await asyncio.wrap_future(done)
        except asyncio.CancelledError:
            if not done.cancel():  # what it works on is in use
                with CancelScope(shield=True), suppress(Exception):  # nobody wants its failure
                    await asyncio.wrap_future(done)
            raise

    def close(self) -> None:
        """End the threads once they have done what they are at; nothing else is begun."""
        self._pool.shutdown(wait=False, cancel_futures=True)
