"""Turns on the event loop."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import uvloop

from service.intake.turns import Turns

PATIENCE_S = 10


class _Iterations:
    """Counts the iterations of the event loop that runs, from 0."""

    def __init__(self) -> None:
        self.number = 0
        asyncio.get_running_loop().call_soon(self._count)

    def _count(self) -> None:
        self.number += 1
        asyncio.get_running_loop().call_soon(self._count)


async def _work_in_turn(name: int, turns: Turns, iterations: _Iterations) -> tuple[int, int]:
    """Take a turn; return who took it, and in which iteration."""
    await turns.wait()
    return name, iterations.number


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
class TestTurns:
    """`Turns`."""

    def test_few_in_each_iteration(self, run: Callable[..., Any]) -> None:
        """Of seven that come together two run in each iteration, in their order."""

        async def work() -> list[int]:
            turns, iterations = Turns(2), _Iterations()
            tasks = [asyncio.create_task(_work_in_turn(it, turns, iterations)) for it in range(7)]
            done = [await task for task in asyncio.as_completed(tasks)]
            assert [name for name, _ in done] == list(range(7))
            return [iteration for _, iteration in done]

        first, *others = run(work())

        # Between the first and those who had to wait is the iteration in which they are woken.
        assert [iteration - first for iteration in others] == [0, 2, 2, 3, 3, 4]

    def test_alone(self, run: Callable[..., Any]) -> None:
        """Where nobody was before, a turn takes no iteration, the first time and later."""

        async def work() -> list[int]:
            turns, iterations, waits = Turns(1), _Iterations(), list[int]()
            for _ in range(3):
                before = iterations.number
                await turns.wait()
                waits.append(iterations.number - before)
                await asyncio.sleep(0.01)
            return waits

        assert run(work()) == [0, 0, 0]

    def test_late_ones_queue(self, run: Callable[..., Any]) -> None:
        """Who comes while others wait goes behind them."""

        async def work() -> list[int]:
            turns, order = Turns(1), list[int]()

            async def take(name: int) -> None:
                await turns.wait()
                order.append(name)

            early = [asyncio.create_task(take(name)) for name in range(3)]
            await asyncio.sleep(0)
            await asyncio.gather(take(3), *early)
            return order

        assert run(work()) == [0, 1, 2, 3]

    def test_cancelled(self, run: Callable[..., Any]) -> None:
        """Who is cancelled while waiting is passed over."""

        async def work() -> list[tuple[int, int]]:
            turns, iterations = Turns(1), _Iterations()
            tasks = [asyncio.create_task(_work_in_turn(it, turns, iterations)) for it in range(4)]
            await asyncio.sleep(0)
            tasks[1].cancel()
            async with asyncio.timeout(PATIENCE_S):
                done = await asyncio.gather(*tasks, return_exceptions=True)
            assert isinstance(done.pop(1), asyncio.CancelledError)
            return [it for it in done if isinstance(it, tuple)]

        (_, first), *others = run(work())

        assert [(name, iteration - first) for name, iteration in others] == [(2, 2), (3, 3)]
