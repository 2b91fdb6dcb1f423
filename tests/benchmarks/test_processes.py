"""Reading what Linux says of processes."""

import os

import pytest

from benchmarks import processes
from benchmarks.processes import Memory, ProcessStat, parse_memory, parse_stat, select_tree

STAT = "7 (a) b (c) S 3 5 5 0 -1 4194304 1 2 3 4 100 50 20 10 20 0 1 0 99 1000 200 0 0 0"


def test_stat_of_a_process_with_brackets_in_its_name() -> None:
    """Parent and session are read after the last bracket, and times of ended children count."""
    expected = ProcessStat(pid=7, parent=3, session=5, cpu_s=180 / processes.TICKS_PER_S)

    assert parse_stat(STAT) == expected


def test_memory_is_in_bytes() -> None:
    """The kernel's kilobytes have 1024 bytes; a process that has ended counts nothing."""
    text = "00400000-7ffe rollup\nRss:   100 kB\nPss:    60 kB\nPss_Dirty: 40 kB\n"

    assert parse_memory(text) == Memory(resident=102_400, proportional=61_440)
    assert parse_memory("") == Memory(0, 0)


def test_tree_has_descendants_and_orphans_of_the_session() -> None:
    """A grandchild belongs to the tree, and so does a process of its session whose parent has ended."""
    pairs = [(10, 1, 10), (11, 10, 10), (12, 11, 12), (13, 1, 10), (20, 1, 20)]
    listed = [ProcessStat(pid, parent, session, 0.0) for pid, parent, session in pairs]

    assert [entry.pid for entry in select_tree(listed, 10)] == [10, 11, 12, 13]


@pytest.mark.skipif(not processes.PROC.is_dir(), reason="no /proc")
def test_own_process_is_found() -> None:
    """The tree of this process holds it, with time and memory used."""
    own = os.getpid()

    assert own in [entry.pid for entry in processes.read_tree(own)]
    assert processes.cpu_s(own) > 0
    assert processes.memory(own).resident > 10_000_000
