"""Threads that decode."""

import asyncio
import gc
import threading

import anyio
import pytest

from service.intake.decoders import Decoders

PATIENCE_S = 20


class TestDecoders:
    """`Decoders`."""

    def test_works_in_a_thread(self) -> None:
        """What the work returns comes back, and it was done elsewhere."""

        def add(one: int, *, other: int) -> tuple[int, threading.Thread]:
            return one + other, threading.current_thread()

        total, thread = asyncio.run(Decoders(1).run(add, 2, other=3))

        assert total == 5
        assert thread is not threading.current_thread()

    def test_failure(self) -> None:
        """What the work raises comes back too."""
        with pytest.raises(ZeroDivisionError):
            asyncio.run(Decoders(1).run(divmod, 1, 0))

    def test_as_many_at_once_as_threads(self) -> None:
        """Two threads meet, and work that comes meanwhile waits for one of them, in its order."""
        meeting, began = threading.Barrier(2), list[int]()

        def meet(number: int) -> None:
            began.append(number)
            meeting.wait(PATIENCE_S)

        async def work() -> None:
            decoders = Decoders(2)
            await asyncio.gather(*(decoders.run(meet, number) for number in range(6)))

        asyncio.run(work())

        assert [{*began[at : at + 2]} for at in (0, 2, 4)] == [{0, 1}, {2, 3}, {4, 5}]

    @pytest.mark.parametrize("by_scope", [True, False], ids=["by a scope", "by its task"])
    def test_work_that_has_begun_is_waited_for(self, *, by_scope: bool) -> None:
        """Who is cancelled meanwhile goes on when it is over, since it uses what is about to be given up."""
        go_on, has_begun, order = threading.Event(), threading.Event(), list[str]()

        def hold() -> None:
            has_begun.set()
            go_on.wait(PATIENCE_S)
            order.append("done")

        async def use(scope: anyio.CancelScope) -> None:
            with scope:
                try:
                    await Decoders(1).run(hold)
                finally:
                    order.append("given up")

        async def work() -> None:
            scope = anyio.CancelScope()
            using = asyncio.create_task(use(scope))
            while not has_begun.is_set():
                await asyncio.sleep(0.001)
            if by_scope:
                scope.cancel()
            else:
                using.cancel()
            asyncio.get_running_loop().call_later(0.05, go_on.set)
            await asyncio.wait([using])

        asyncio.run(work())

        assert order == ["done", "given up"]

    def test_failure_that_nobody_waits_for(self) -> None:
        """Work that fails once its request was cancelled leaves no complaint of asyncio's."""
        go_on, has_begun, complaints = threading.Event(), threading.Event(), list[object]()

        def fail() -> None:
            has_begun.set()
            go_on.wait(PATIENCE_S)
            raise ValueError

        async def work() -> None:
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _, complaint: complaints.append(complaint))
            failing = asyncio.create_task(Decoders(1).run(fail))
            while not has_begun.is_set():
                await asyncio.sleep(0.001)
            failing.cancel()
            loop.call_later(0.01, go_on.set)
            with pytest.raises(asyncio.CancelledError):
                await failing

        asyncio.run(work())
        gc.collect()

        assert complaints == []

    @pytest.mark.parametrize("by_closing", [True, False], ids=["closed", "cancelled"])
    def test_work_that_nobody_waits_for(self, *, by_closing: bool) -> None:
        """It is left out if its turn has not come; what has begun is done."""
        go_on, has_begun, done = threading.Event(), threading.Event(), list[str]()

        def hold() -> None:
            has_begun.set()
            go_on.wait(PATIENCE_S)
            done.append("begun")

        async def work() -> None:
            decoders = Decoders(1)
            begun = asyncio.create_task(decoders.run(hold))
            waiting = asyncio.create_task(decoders.run(done.append, "waiting"))
            while not has_begun.is_set():
                await asyncio.sleep(0.001)
            if by_closing:
                decoders.close()
            else:
                waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            go_on.set()
            await begun

        asyncio.run(work())

        assert done == ["begun"]
