"""The collector, over the rows of several workers."""

import os

import numpy as np

from service.telemetry.metrics.block import CounterBlock
from service.telemetry.metrics.collector import ServiceCollector
from service.telemetry.metrics.drift import Distribution
from service.telemetry.metrics.layout import IN_FLIGHT, NUM_CELLS, PROCESS_ID, REQUESTS, SHED
from service.telemetry.metrics.recorder import Recorder

NO_PROCESS = 2**30  # Linux gives no id beyond 2**22
NOTHING = Distribution.of_cells(np.zeros(NUM_CELLS))


def _collect(block: CounterBlock) -> dict[str, list[float]]:
    """Collect the values of each family."""
    recorder = Recorder(block, ["/predict"])
    families = ServiceCollector(recorder, [], NOTHING).collect()
    return {family.name: [sample.value for sample in family.samples] for family in families}


class TestServiceCollector:
    """`ServiceCollector`."""

    def test_rows_are_summed(self) -> None:
        """Counters of all workers add up, those of the dead too."""
        block = CounterBlock(3)
        block.rows[:, SHED] = (1, 2, 4)
        block.rows[:, REQUESTS] = (10, 20, 40)
        block.rows[2, PROCESS_ID] = NO_PROCESS

        values = _collect(block)

        assert values["digitserve_shed"] == [7]
        assert values["digitserve_requests"] == [70]

    def test_the_dead_have_nothing_in_work(self) -> None:
        """A worker that was killed has neither memory nor requests in work."""
        block = CounterBlock(3)
        block.rows[1][[PROCESS_ID, IN_FLIGHT]] = (os.getpid(), 3)
        block.rows[2][[PROCESS_ID, IN_FLIGHT]] = (NO_PROCESS, 5)

        values = _collect(block)

        assert values["digitserve_requests_in_flight"] == [3]
        assert len(values["digitserve_resident_memory_bytes"]) == 2
