"""The study of what makes an upload fast."""

import asyncio

from benchmarks.budget import BARE
from benchmarks.levers import (
    COMMAND,
    PAGE,
    SERVERS,
    LeverRun,
    making_levers,
    render,
    time_call_us,
)


def test_saving_is_of_the_same_round() -> None:
    """What is saved is the difference within a round, and its median need not be that of the medians."""
    runs = [LeverRun(0, "a", 10.0, 4.0), LeverRun(1, "a", 20.0, 10.0), LeverRun(2, "a", 30.0, 9.0)]

    assert "| a | 20.0 | 9.00 | 10.0 (6.00 to 21.0) |" in render(runs)


def test_both_ways_of_each_lever_work() -> None:
    """Whatever is timed does something, and does not fail."""

    async def call_all() -> int:
        async with making_levers() as levers:
            for ways in levers.values():
                for call in ways:
                    await call()
            return len(levers)

    assert asyncio.run(call_all()) > 1


def test_time_of_a_call() -> None:
    """A call is timed many times together, for the clock is coarse."""
    num_calls = 0

    async def call() -> None:
        nonlocal num_calls
        num_calls += 1
        sum(range(10_000))

    assert 10 < asyncio.run(time_call_us(call)) < 100_000
    assert num_calls > 10


def test_servers_are_told_ours() -> None:
    """What a bare server is told in place of ours is in its command now."""
    assert all(ours in BARE.command for ours, _ in SERVERS.values())


def test_page_has_a_place() -> None:
    """The page has the marks between which the table goes."""
    assert f"<!-- {COMMAND} -->\n" in PAGE.read_text()
