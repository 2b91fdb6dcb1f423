"""The block: rows of cells in memory that a supervisor makes and its workers share.

It lies in memory alone, without a name: a full or read-only disk does not touch it, and nothing is left to
clean up. A worker claims a row by a lock on it, which the system takes back when the process ends, however
it ends.
"""

import fcntl
import mmap
import os
import tempfile
import weakref

import numpy as np
import numpy.typing as npt

from service.telemetry.metrics.layout import IN_FLIGHT, NUM_CELLS, PROCESS_ID, STARTS, Cells

CELL_BYTES = 8  # float64
ROW_BYTES = -(-NUM_CELLS * CELL_BYTES // mmap.PAGESIZE) * mmap.PAGESIZE


class CounterBlock:
    """Rows of float64 cells that processes share.

    A process that is forked shares it.

    Args:
        num_rows: How many workers can count at the same time.
    """

    def __init__(self, num_rows: int = 1) -> None:
        self.num_rows = num_rows
        self._descriptor = _allocate(num_rows)
        weakref.finalize(self, os.close, self._descriptor)
        self._memory = mmap.mmap(self._descriptor, num_rows * ROW_BYTES)
        cells = np.frombuffer(self._memory, np.float64).reshape(num_rows, -1)
        self.rows: npt.NDArray[np.float64] = cells[:, :NUM_CELLS]

    def claim_row(self) -> int:
        """Claim a row for this process and return its number; its counters go on.

        Where every row has an owner, the last is shared, and some of its counts may be lost.
        """
        row = next(filter(self._lock, range(self.num_rows)), self.num_rows - 1)
        cells = self.cells(row)
        cells[PROCESS_ID] = float(os.getpid())
        cells[STARTS] += 1
        cells[IN_FLIGHT] = 0.0
        return row

    def cells(self, row: int) -> Cells:
        """Return a row to write to."""
        start = row * ROW_BYTES
        view = memoryview(self._memory)[start : start + NUM_CELLS * CELL_BYTES]
        return view.cast("d")

    def _lock(self, row: int) -> bool:
        """Lock a row if nobody holds it."""
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, row)
        except OSError:
            return False
        return True


def _allocate(num_rows: int) -> int:
    """Return a descriptor of zeroed memory; of a file without a name where the system has no other."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("digitserve-metrics")
    else:  # pragma: no cover - not on Linux
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, num_rows * ROW_BYTES)
    return descriptor
