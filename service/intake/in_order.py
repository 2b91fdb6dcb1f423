"""In order: pieces of work side by side, and their results one after the other.

pieces of work -> at most so many under way -> the results that are there, in the order of the work
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Coroutine, Iterable
from typing import Any, TypeVar

from anyio import CancelScope

T = TypeVar("T")


async def run_in_order(
    work: Iterable[Coroutine[Any, Any, T]], *, ahead: int
) -> AsyncGenerator[list[T]]:
    """Run pieces of work side by side; yield every result once those before it are there too.

    Args:
        work: The pieces; each is taken when there is room for it.
        ahead: How many may be under way, or done and not yielded yet.

    Yields:
        The next results, at least one. Who takes no more of them, is cancelled or meets a failure has the
        pieces under way cancelled, and waits for their end.

    Raises:
        Exception: What a piece raised, once the results before it are yielded.
    """
    under_way = deque[asyncio.Task[T]]()
    try:
        for piece in work:
            under_way.append(asyncio.create_task(piece))
            if len(under_way) == ahead:
                yield await _take_done(under_way)
        while under_way:
            yield await _take_done(under_way)
    finally:
        for task in under_way:
            task.cancel()
        if under_way:
            with CancelScope(shield=True):
                await asyncio.wait(under_way)


async def _take_done(under_way: deque[asyncio.Task[T]]) -> list[T]:
    """Wait for the first result, and take it with those after it that are there."""
    # Awaiting the task itself would pass on each of a scope's cancellations, which come until the scope has ended.
    await asyncio.wait([under_way[0]])
    results = [under_way.popleft().result()]
    while under_way and _is_there(under_way[0]):
        results.append(under_way.popleft().result())
    return results


def _is_there(task: asyncio.Task[T]) -> bool:
    """Tell whether a task has ended well."""
    return task.done() and not task.cancelled() and not task.exception()
