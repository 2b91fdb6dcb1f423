"""Sections: what a command writes into a page that is otherwise written by hand, between two marks of its own."""

import re
from pathlib import Path

from benchmarks.errors import BenchmarkError

END = "<!-- end -->"


def write_section(page: Path, command: str, section: str) -> None:
    """Put a section between the marks of a command; all else of the page stays.

    Args:
        page: Markdown.
        command: What writes the section; its first mark is `<!-- command -->`, the other `END`.
        section: Markdown.

    Raises:
        BenchmarkError: If the marks are not there once.
    """
    page.write_text(put(page.read_text(encoding="utf-8"), command, section), encoding="utf-8")


def put(text: str, command: str, section: str) -> str:
    """Put a section between the marks of a command in a text.

    Raises:
        BenchmarkError: If the marks are not there once.
    """
    begin = f"<!-- {command} -->"
    marked, count = re.subn(
        f"{re.escape(begin)}\n.*?{re.escape(END)}",
        lambda _: f"{begin}\n{section}{END}",
        text,
        flags=re.DOTALL,
    )
    if count != 1:
        raise BenchmarkError(f"The page needs the lines {begin!r} and {END!r} once, in order.")
    return marked
