"""Progress: how far a run is and how long it will take, for a person or a log, on standard error.

tallies -> a bar on a terminal, elsewhere a line now and then -> the tally of all
"""

import sys
import time
from collections.abc import Iterable
from typing import IO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from service.bulk.scorer import Tally

LINE_EVERY_S = 10.0  # where no terminal shows a bar


def follow(tallies: Iterable[Tally], num_images: int, stream: IO[str] = sys.stderr) -> Tally:
    """Show progress until there are no more tallies.

    Args:
        tallies: As they come.
        num_images: How many pictures there are in all.
        stream: Where to show it.

    Returns:
        The tally of all.
    """
    return (_draw if stream.isatty() else _write)(tallies, num_images, stream)


def _draw(tallies: Iterable[Tally], num_images: int, stream: IO[str]) -> Tally:
    """Draw a bar."""
    columns = (
        *(TextColumn("Scoring"), BarColumn(), TaskProgressColumn()),
        *(MofNCompleteColumn(), TextColumn("time left"), TimeRemainingColumn()),
    )
    total = Tally()
    with Progress(*columns, console=Console(file=stream), transient=True) as progress:
        bar = progress.add_task("", total=num_images)
        for tally in tallies:
            total += tally
            progress.update(bar, completed=total.scored + total.skipped)
    return total


def _write(tallies: Iterable[Tally], num_images: int, stream: IO[str]) -> Tally:
    """Write a line now and then; neither the start nor pictures that had a result count for the speed."""
    first, total, started_s, line_s = None, Tally(), 0.0, 0.0
    for tally in tallies:
        total, now_s = total + tally, time.monotonic()
        if first is None:
            first, started_s, line_s = total.scored, now_s, now_s + LINE_EVERY_S
        elif now_s >= line_s and total.scored > first:
            speed = (total.scored - first) / (now_s - started_s)
            print(describe(total, num_images, speed), file=stream, flush=True)
            line_s = now_s + LINE_EVERY_S
    return total


def describe(total: Tally, num_images: int, per_second: float) -> str:
    """Say how far a run is.

    Args:
        total: What came of the pictures so far.
        num_images: How many there are in all.
        per_second: Images that are scored a second.
    """
    completed = total.scored + total.skipped
    left_s = round((num_images - completed) / per_second)
    minutes, seconds = divmod(left_s, 60)
    return (
        f"{completed:,} of {num_images:,} images, {total.failed:,} with an error, {per_second:,.0f} a second, "
        f"time left {minutes // 60}:{minutes % 60:02}:{seconds:02}"
    )
