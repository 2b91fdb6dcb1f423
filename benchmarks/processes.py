"""Processes: what a server and all its children use, as Linux counts it under /proc."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
KIB = 1024


@dataclass(frozen=True)
class ProcessStat:
    """What `/proc/<pid>/stat` says of one process.

    Attributes:
        pid: Its id.
        parent: Id of its parent.
        session: Id of its session.
        cpu_s: Time on all cores in seconds, its own and that of children that have ended.
    """

    pid: int
    parent: int
    session: int
    cpu_s: float


@dataclass(frozen=True)
class Memory:
    """Memory of a tree of processes, in bytes.

    Attributes:
        resident: Sum of what each has resident; shared pages count in every process.
        proportional: The same with every shared page counted once, divided among those that share it.
    """

    resident: int
    proportional: int


def parse_stat(text: str) -> ProcessStat:
    """Read one line of `/proc/<pid>/stat`; the name in brackets may hold anything.

    Source: proc(5).
    """
    pid = int(text.split(" ", 1)[0])
    fields = text[text.rindex(")") + 2 :].split()
    ticks = sum(int(value) for value in fields[11:15])
    return ProcessStat(pid, int(fields[1]), int(fields[3]), ticks / TICKS_PER_S)


def parse_memory(text: str) -> Memory:
    """Read `/proc/<pid>/smaps_rollup`.

    Source: proc(5).
    """
    sizes = {
        name: int(kib) * KIB for name, kib in re.findall(r"^(\w+): +(\d+) kB", text, re.MULTILINE)
    }
    return Memory(sizes.get("Rss", 0), sizes.get("Pss", 0))


def select_tree(processes: list[ProcessStat], root: int) -> list[ProcessStat]:
    """Keep the root, what descends from it, and what is in its session though its parent has ended."""
    members = {root}
    while True:
        more = {
            entry.pid
            for entry in processes
            if entry.parent in members or entry.session in members or entry.pid == root
        }
        if more <= members:
            return [entry for entry in processes if entry.pid in members]
        members |= more


def read_tree(root: int) -> list[ProcessStat]:
    """Return the living processes of a tree."""
    texts = (_read(path / "stat") for path in PROC.iterdir() if path.name.isdecimal())
    return select_tree([parse_stat(text) for text in texts if text], root)


def cpu_s(root: int) -> float:
    """Sum the time on all cores of a tree, in seconds."""
    return sum(entry.cpu_s for entry in read_tree(root))


def memory(root: int) -> Memory:
    """Sum the memory of a tree."""
    texts = [_read(PROC / str(entry.pid) / "smaps_rollup") for entry in read_tree(root)]
    parts = [parse_memory(text) for text in texts]
    return Memory(sum(part.resident for part in parts), sum(part.proportional for part in parts))


def _read(path: Path) -> str:
    """Read a file of a process that may have ended."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
