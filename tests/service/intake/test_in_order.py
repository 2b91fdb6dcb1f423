"""Pieces of work side by side, their results in order."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import anyio
import pytest

from service.intake.in_order import run_in_order


class _Piece:
    """A piece of work that ends when a test says so."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.may_end = asyncio.Event()
        self.state = "waiting"

    async def run(self) -> str:
        """Work; to be cancelled takes some turns of the event loop, as of work in a thread."""
        self.state = "under way"
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            for _ in range(3):
                await asyncio.sleep(0)
            self.state = "given up"
            raise
        self.state = "done"
        return self.name

    async def fail(self) -> str:
        """Fail in place of ending."""
        await self.run()
        raise ValueError(self.name)


def _pieces(names: str) -> list[_Piece]:
    """Make one piece for each letter."""
    return [_Piece(name) for name in names]


def _states(pieces: list[_Piece]) -> list[str]:
    """Return how far each is."""
    return [piece.state for piece in pieces]


async def _settle() -> None:
    """Let everything run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


class TestRunInOrder:
    """`run_in_order`."""

    def test_results_are_in_order(self) -> None:
        """A result waits for those before it; those that are there come together."""

        async def work() -> list[list[str]]:
            pieces = _pieces("abc")
            results = run_in_order((piece.run() for piece in pieces), ahead=3)
            first = asyncio.ensure_future(anext(results))
            for piece in (pieces[1], pieces[0]):
                await _settle()
                assert not first.done()
                piece.may_end.set()
            pieces[2].may_end.set()
            return [await first, *[each async for each in results]]

        assert asyncio.run(work()) == [["a", "b", "c"]]

    def test_what_is_there_does_not_wait(self) -> None:
        """The first result comes while those after it are still worked on."""

        async def work() -> tuple[list[str], list[str]]:
            pieces = _pieces("abc")
            results = run_in_order((piece.run() for piece in pieces), ahead=2)
            pieces[0].may_end.set()
            first = await anext(results)
            states = _states(pieces)
            await results.aclose()
            return first, states

        assert asyncio.run(work()) == (["a"], ["done", "under way", "waiting"])

    def test_no_more_than_so_many_are_ahead(self) -> None:
        """What is done counts until it is taken, so that results for a slow reader do not pile up."""

        async def work() -> list[str]:
            pieces = _pieces("abcd")
            results = run_in_order((piece.run() for piece in pieces), ahead=2)
            pieces[1].may_end.set()
            first = asyncio.ensure_future(anext(results))
            await _settle()
            states = _states(pieces)
            for piece in pieces:
                piece.may_end.set()
            assert [*await first, *[name async for names in results for name in names]] == [*"abcd"]
            return states

        assert asyncio.run(work()) == ["under way", "done", "waiting", "waiting"]

    def test_failure_comes_after_the_results_before_it(self) -> None:
        """A failure ends the work, and the others are given up."""

        async def work() -> list[str]:
            a, b, c = pieces = _pieces("abc")
            coroutines: list[Coroutine[Any, Any, str]] = [a.run(), b.fail(), c.run()]
            results = run_in_order(coroutines, ahead=3)
            a.may_end.set()
            b.may_end.set()
            await _settle()
            assert await anext(results) == ["a"]
            with pytest.raises(ValueError, match="b"):
                await anext(results)
            return _states(pieces)

        assert asyncio.run(work()) == ["done", "done", "given up"]

    def test_piece_that_was_cancelled(self) -> None:
        """A piece that another cancels spoils no result before it."""

        async def stop() -> str:
            raise asyncio.CancelledError

        async def work() -> list[str]:
            [first] = _pieces("a")
            coroutines: list[Coroutine[Any, Any, str]] = [first.run(), stop()]
            results = run_in_order(coroutines, ahead=2)
            first.may_end.set()
            names = await anext(results)
            with pytest.raises(asyncio.CancelledError):
                await anext(results)
            return names

        assert asyncio.run(work()) == ["a"]

    @pytest.mark.parametrize("how", ["closed", "cancelled", "by scope"])
    def test_who_leaves_waits_for_the_end(self, how: str) -> None:
        """What is under way is cancelled and has ended before the iteration has."""

        async def take(results: Any, scope: anyio.CancelScope) -> None:
            with scope:
                await anext(results)

        async def work() -> list[str]:
            pieces = _pieces("abc")
            results = run_in_order((piece.run() for piece in pieces), ahead=2)
            scope = anyio.CancelScope()
            if how == "closed":
                pieces[0].may_end.set()
                await anext(results)
                await results.aclose()
                return _states(pieces)
            taking = asyncio.create_task(take(results, scope))
            await _settle()
            (scope if how == "by scope" else taking).cancel()
            await asyncio.wait([taking])
            return _states(pieces)

        first = "done" if how == "closed" else "given up"
        assert asyncio.run(work()) == [first, "given up", "waiting"]
