"""Workers: what a second process adds, from the comparison's own runs."""

from benchmarks.results import Case, Comparison, ContenderResult
from benchmarks.tables import median, ratios, spread, table

SEVERAL = ", {} workers"  # ends the name of a contender with several


def render(comparison: Comparison) -> str:
    """Render the section, or nothing where no contender has several workers."""
    rows = [
        _row(one, several, case)
        for one, several in _pairs(comparison)
        for case in dict.fromkeys(run.case for run in several.runs)
    ]
    if not rows:
        return ""
    head = ["contender", "upload", "connections", "requests/s", "ratio", "CPU, ms", "ratio"]
    head += ["cores", "of one worker"]
    return f"""## Several workers

Ratios are to the same contender with one worker, in the same round. The cores are those that the servers keep busy, of
those of the machine, which the load generator shares. A worker of digitserve computes batches in a thread beside its
event loop, and so keeps more than one core busy where it can: what a second worker may add is the rest.

{table(head, rows)}
"""


def _pairs(comparison: Comparison) -> list[tuple[ContenderResult, ContenderResult]]:
    """Return contenders with one worker, each with its own with several."""
    singles = {entry.name: entry for entry in comparison.contenders if entry.workers == 1}
    several = [entry for entry in comparison.contenders if entry.workers > 1]
    pairs = [(entry.name.removesuffix(SEVERAL.format(entry.workers)), entry) for entry in several]
    return [(singles[name], entry) for name, entry in pairs if name in singles]


def _row(one: ContenderResult, several: ContenderResult, case: Case) -> list[str]:
    """One line of the table."""
    row = [several.name, f"{case.picture}, {case.form}", str(case.connections)]
    for figures in (
        [entry.of(case, lambda run: run.requests_per_s) for entry in (one, several)],
        [entry.of(case, lambda run: run.cpu_us / 1000) for entry in (one, several)],
    ):
        row += [median(list(figures[1].values())), spread(ratios(*figures))]
    return [*row, _cores(several, case), _cores(one, case)]


def _cores(entry: ContenderResult, case: Case) -> str:
    """How many cores a contender kept busy."""
    return median([*entry.of(case, lambda run: run.requests_per_s * run.cpu_us / 1e6).values()])
