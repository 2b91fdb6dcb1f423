"""The plan on paper."""

from dataclasses import replace

import pytest

from benchmarks.simulation.paper import (
    Assumptions,
    break_even_rate,
    cost_per_million,
    gpu_cost_per_million,
    plan_size,
)
from benchmarks.simulation.parameters import UploadCost

ASSUMPTIONS = Assumptions(
    utilisation=0.5,
    node_cores=11,
    spare_cores=1,
    node_gbit=10,
    framing=1.0,
    cpu_price=0.036,
    gpu_price=3.6,
)
COST = UploadCost(
    "digit", cpu_us=500, busy_cpu_us=450, proxy_cpu_us=50, request_bytes=1000, answer_bytes=500
)


class TestPlanSize:
    """`plan_size`."""

    def test_cores(self) -> None:
        """Workers follow the CPU time and how busy they may be, nodes and memory follow the workers."""
        size = plan_size(COST, 10_000, 100_000_000, ASSUMPTIONS)

        assert (size.workers, size.nodes, size.proxies) == (10, 1, 1)
        assert size.memory_gb == pytest.approx(1.0)
        assert not size.is_bound_by_network

    def test_network(self) -> None:
        """Requests and answers take their bits; a node has so much network, of which a part may be used."""
        size = plan_size(COST, 1_000_000, 0, ASSUMPTIONS)

        assert [size.in_gbit, size.out_gbit] == pytest.approx([8.0, 4.0])
        assert (size.workers, size.nodes) == (1000, 100)
        assert size.proxies == 10  # 100 cores; the 12 Gbit/s need three

    def test_large_uploads(self) -> None:
        """Where uploads are large and cheap to compute, the network says how many nodes there are."""
        size = plan_size(replace(COST, request_bytes=1_000_000), 10_000, 0, ASSUMPTIONS)

        assert size.is_bound_by_network
        assert size.nodes == size.proxies - 1 == 16


def test_costs() -> None:
    """Cores and GPUs are paid for while they are idle too."""
    assert cost_per_million(500, ASSUMPTIONS) == pytest.approx(500 / 3600 * 0.036 / 0.5)
    assert gpu_cost_per_million(10_000, ASSUMPTIONS) == pytest.approx(100 / 3600 * 3.6 / 0.5)


def test_break_even() -> None:
    """At that rate a GPU costs what the cores cost that it relieves."""
    rate = break_even_rate(200, ASSUMPTIONS)

    assert gpu_cost_per_million(rate, ASSUMPTIONS) == pytest.approx(
        cost_per_million(200, ASSUMPTIONS)
    )
