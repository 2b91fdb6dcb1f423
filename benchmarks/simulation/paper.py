"""The plan on paper: what many predictions a second take, from what one takes, without any simulation.

costs of one upload, stages of docs/performance.md, assumptions -> cores, nodes, network, money
"""

import math
from dataclasses import dataclass

from benchmarks.budget import Budget
from benchmarks.simulation.parameters import Parameters, UploadCost
from benchmarks.tables import digits, table

RATES = (10_000, 100_000, 1_000_000)  # predictions a second
GPU_RATES = (10_000, 100_000, 1_000_000)  # digits a second that one GPU computes
MILLION = 1_000_000
BITS = 8
GIGA = 1e9
HOUR_S = 3600


@dataclass(frozen=True)
class Assumptions:
    """What was not measured.

    Attributes:
        utilisation: Share of its time that a core works, 0..1; the rest is for bursts and lost zones.
        node_cores: Cores of a node, as many as are sold as virtual CPUs.
        spare_cores: Of these, what the system and its agents take.
        node_gbit: Network of a node, in Gbit/s, each way.
        framing: Bytes on the wire for each byte of HTTP: Ethernet, IP, TCP, TLS.
        cpu_price: Of one core for an hour, in dollars.
        gpu_price: Of one GPU for an hour, in dollars, without the cores beside it.
    """

    utilisation: float = 0.6
    node_cores: int = 16
    spare_cores: int = 1
    node_gbit: float = 10.0
    framing: float = 1.1
    cpu_price: float = 0.04
    gpu_price: float = 2.0

    @property
    def cores(self) -> int:
        """Cores of a node that serve."""
        return self.node_cores - self.spare_cores

    @property
    def gbit(self) -> float:
        """Network of a node that may be used, in Gbit/s."""
        return self.node_gbit * self.utilisation


@dataclass(frozen=True)
class Size:
    """What a rate takes.

    Attributes:
        workers: One a core.
        nodes: For the workers.
        is_bound_by_network: Whether the nodes' network, not their cores, says how many.
        memory_gb: Of the workers, in GB.
        in_gbit: Requests, in Gbit/s.
        out_gbit: Answers.
        proxies: Nodes of the balancer.
    """

    workers: int
    nodes: int
    is_bound_by_network: bool
    memory_gb: float
    in_gbit: float
    out_gbit: float
    proxies: int


def plan_size(cost: UploadCost, rate: float, resident_bytes: int, assumptions: Assumptions) -> Size:
    """Work out what so many predictions a second of one kind of upload take."""
    workers = math.ceil(rate * cost.cpu_us / 1e6 / assumptions.utilisation)
    in_gbit, out_gbit = (
        rate * size * assumptions.framing * BITS / GIGA
        for size in (cost.request_bytes, cost.answer_bytes)
    )
    by_cores = math.ceil(workers / assumptions.cores)
    by_network = math.ceil(max(in_gbit, out_gbit) / assumptions.gbit)
    proxy_cores = rate * cost.proxy_cpu_us / 1e6 / assumptions.utilisation
    both_gbit = in_gbit + out_gbit  # each passes a proxy twice, once in and once out
    return Size(
        workers=workers,
        nodes=max(by_cores, by_network),
        is_bound_by_network=by_network > by_cores,
        memory_gb=workers * resident_bytes / GIGA,
        in_gbit=in_gbit,
        out_gbit=out_gbit,
        proxies=max(
            math.ceil(proxy_cores / assumptions.cores), math.ceil(both_gbit / assumptions.gbit)
        ),
    )


def render_sizes(parameters: Parameters, assumptions: Assumptions) -> str:
    """Render what each rate takes."""
    head = ["upload", "a second", "workers = cores", "nodes", "bound by", "memory, GB"]
    head += ["in, Gbit/s", "out, Gbit/s", "nodes of HAProxy"]
    rows = []
    for cost in parameters.costs:
        for rate in RATES:
            size = plan_size(cost, rate, parameters.resident_bytes, assumptions)
            bound = "network" if size.is_bound_by_network else "cores"
            row = [cost.upload, f"{rate:,}", f"{size.workers:,}", f"{size.nodes:,}", bound]
            gbit = [digits(size.in_gbit), digits(size.out_gbit)]
            rows.append([*row, digits(size.memory_gb), *gbit, f"{size.proxies:,}"])
    return table(head, rows)


def render_stages(parameters: Parameters, budgets: list[Budget], assumptions: Assumptions) -> str:
    """Render where the time of each upload goes, and what one core then takes from the network."""
    head = ["upload", "HTTP, routing", "decoding", "preprocessing", "network of neurons", "HAProxy"]
    head += ["a second and core", "Gbit/s a core", "cores that fill a node's network"]
    rows = []
    for cost in parameters.costs:
        budget = next(each for each in budgets if each.upload == f"{cost.upload}, raw")
        per_core = 1e6 / cost.cpu_us
        gbit = per_core * cost.request_bytes * assumptions.framing * BITS / GIGA
        shares = [f"{share:.0%}" for share in _shares(budget, cost.proxy_cpu_us)]
        cores = digits(assumptions.node_gbit / gbit)
        rows.append([cost.upload, *shares, digits(per_core), digits(gbit), cores])
    return table(head, rows)


def _shares(budget: Budget, proxy_us: float) -> list[float]:
    """Return the shares of parsing, decoding, preprocessing, neurons and balancing in all CPU time."""
    parts = [
        budget.server_us + budget.routing_us + budget.body_us + budget.answer_us,
        budget.decode_us,
        budget.preprocess_us,
        budget.model_us,
        proxy_us,
    ]
    return [part / sum(parts) for part in parts]


def cost_per_million(cpu_us: float, assumptions: Assumptions) -> float:
    """Return what the cores for a million predictions cost, in dollars."""
    return cpu_us * assumptions.cpu_price / HOUR_S / assumptions.utilisation


def gpu_cost_per_million(rate: float, assumptions: Assumptions) -> float:
    """Return what a GPU costs for a million digits, in dollars.

    Args:
        rate: Digits a second that it computes when it is never idle.
        assumptions: Its price, and how idle it is.
    """
    return MILLION / rate * assumptions.gpu_price / HOUR_S / assumptions.utilisation


def break_even_rate(model_us: float, assumptions: Assumptions) -> float:
    """Return the digits a second from which a GPU is cheaper than the cores that it relieves."""
    return assumptions.gpu_price / (assumptions.cpu_price * model_us / 1e6)


def render_costs(parameters: Parameters, budgets: list[Budget], assumptions: Assumptions) -> str:
    """Render what a million predictions cost on cores alone, and with a GPU of each speed."""
    head = ["upload", "cores alone, $"]
    head += [f"GPU of {rate:,} digits/s, $ (cores that feed it)" for rate in GPU_RATES]
    head += ["GPU is cheaper from, digits/s"]
    rows = []
    for cost in parameters.costs:
        budget = next(each for each in budgets if each.upload == f"{cost.upload}, raw")
        model_us = cost.cpu_us * budget.model_us / budget.total_us
        rest_us = cost.cpu_us - model_us
        cells = [
            f"{digits(cost_per_million(rest_us, assumptions) + gpu_cost_per_million(rate, assumptions))} "
            f"({digits(rate * rest_us / 1e6)})"
            for rate in GPU_RATES
        ]
        alone = digits(cost_per_million(cost.cpu_us, assumptions))
        rows.append([cost.upload, alone, *cells, digits(break_even_rate(model_us, assumptions))])
    return table(head, rows)


def render_assumptions(assumptions: Assumptions) -> str:
    """Render what was not measured."""
    rows = [
        ["a core works", f"{assumptions.utilisation:.0%} of its time", "`--utilisation`"],
        ["a node", f"{assumptions.node_cores} cores", "`--node-cores`"],
        ["of these for the system", str(assumptions.spare_cores), "`--spare-cores`"],
        ["its network", f"{assumptions.node_gbit:g} Gbit/s each way", "`--node-gbit`"],
        ["bytes on the wire for one of HTTP", f"{assumptions.framing:g}", "`--framing`"],
        ["a core", f"${assumptions.cpu_price:g} an hour", "`--cpu-price`"],
        ["a GPU", f"${assumptions.gpu_price:g} an hour", "`--gpu-price`"],
    ]
    return table(["assumed", "", "option"], rows)
