"""The block that workers share."""

import multiprocessing
import os
from multiprocessing.connection import Connection

import pytest

from service.telemetry.metrics.block import CounterBlock
from service.telemetry.metrics.layout import IN_FLIGHT, PROCESS_ID, SHED, STARTS


def _count(block: CounterBlock) -> None:
    """Count once and end without a word, as a worker that is killed."""
    cells = block.cells(block.claim_row())
    cells[SHED] += 1.0
    cells[IN_FLIGHT] += 1.0


def _hold(block: CounterBlock, pipe: Connection) -> None:
    """Claim a row, say which, and hold it until told to end."""
    pipe.send(block.claim_row())
    pipe.recv()


def _fork(block: CounterBlock) -> None:
    """Count in a process of its own."""
    process = multiprocessing.get_context("fork").Process(target=_count, args=(block,))
    process.start()
    process.join()
    assert process.exitcode == 0


class TestCounterBlock:
    """`CounterBlock`."""

    def test_row_outlives_its_worker(self) -> None:
        """The row of a process that ended is claimed by the next; its counter goes on."""
        block = CounterBlock(2)

        _fork(block)
        _fork(block)

        assert block.rows[0, [STARTS, SHED, IN_FLIGHT]].tolist() == [2, 2, 1]
        assert not block.rows[1].any()

    def test_rows_are_not_shared_by_the_living(self) -> None:
        """A process that comes while another has a row takes the next one."""
        block = CounterBlock(2)
        row = block.claim_row()

        _fork(block)

        assert row == 0
        assert block.rows[:, SHED].tolist() == [0, 1]

    @pytest.mark.parametrize(("num_rows", "expected"), [(3, 1), (2, 1), (1, 0)])
    def test_rows_are_taken_in_turn(self, num_rows: int, expected: int) -> None:
        """The row of a process that lives is left to it; who finds none free shares the last one."""
        block = CounterBlock(num_rows)
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.get_context("fork").Process(target=_hold, args=(block, theirs))
        process.start()
        assert ours.recv() == 0

        row = block.claim_row()
        ours.send(None)
        process.join()

        assert row == expected
        assert block.rows[row, PROCESS_ID] == os.getpid()
