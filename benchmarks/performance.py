"""The page docs/performance.md: its tables of start-up and budget are written between two marks."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.budget import Budget
from benchmarks.errors import BenchmarkError
from benchmarks.start_up import StartUp
from benchmarks.tables import digits, table

BEGIN, END = "<!-- begin: measured by make bench -->", "<!-- end: measured by make bench -->"
MB = 1e6
STAGES = {
    "server_us": "socket, HTTP",
    "routing_us": "middleware, routing, log",
    "body_us": "body",
    "decode_us": "decoding",
    "preprocess_us": "preprocessing",
    "model_us": "network",
    "answer_us": "JSON",
    "total_us": "all",
}


@dataclass(frozen=True)
class Performance:
    """What the service itself costs.

    Attributes:
        machine: Processor, cores and system.
        versions: Of Python and the libraries.
        date: Day of the measurement, ISO 8601.
        start_up: Start and memory.
        budgets: One per upload.
        commit: What was measured, or empty.
    """

    machine: str
    versions: str
    date: str
    start_up: StartUp
    budgets: list[Budget]
    commit: str = ""


def write_performance(performance: Performance, docs: Path) -> None:
    """Write `benchmarks/performance.json`, and the tables into `performance.md` if there is one.

    Raises:
        BenchmarkError: If the page has lost its marks.
    """
    data = docs / "benchmarks" / "performance.json"
    data.parent.mkdir(parents=True, exist_ok=True)
    data.write_text(json.dumps(asdict(performance), indent=1) + "\n")
    page = docs / "performance.md"
    text = page.read_text(encoding="utf-8") if page.is_file() else f"{BEGIN}\n{END}\n"
    page.write_text(put(text, render_performance(performance)), encoding="utf-8")


def put(page: str, tables: str) -> str:
    """Put the tables between the marks of a page; all else stays.

    Raises:
        BenchmarkError: If the marks are not there once each, in order.
    """
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if len(pattern.findall(page)) != 1:
        raise BenchmarkError(
            f"docs/performance.md needs the lines {BEGIN!r} and {END!r} once each, where the tables go."
        )
    return pattern.sub(lambda _: f"{BEGIN}\n{tables}\n{END}", page)


def render_performance(performance: Performance) -> str:
    """Render the tables as Markdown."""
    at = f" at {performance.commit}" if performance.commit else ""
    return f"""Measured {performance.date}{at} on {performance.machine};
{performance.versions}.

{_budget_table(performance.budgets)}

{_start_up_table(performance.start_up)}"""


def _budget_table(budgets: list[Budget]) -> str:
    """The table of stages, one column an upload, in microseconds."""
    head = ["CPU time, µs", *(budget.upload for budget in budgets)]
    rows = [
        [label, *(digits(getattr(budget, name)) for budget in budgets)]
        for name, label in STAGES.items()
    ]
    return table(head, [*rows, *_ratio_rows(budgets)])


def _ratio_rows(budgets: list[Budget]) -> list[list[str]]:
    """The whole over what no service could leave out, as the service takes for it and as a loop of its own does."""
    within = [it.total_us / (it.decode_us + it.model_us) for it in budgets]
    alone = [it.total_us / it.alone_us for it in budgets]
    return [
        ["all / (decoding + network)", *map(digits, within)],
        ["all / (decoding + network in a loop of their own)", *map(digits, alone)],
    ]


def _start_up_table(start: StartUp) -> str:
    """The table of start-up and memory."""
    rows = [
        ["starting Python", f"{digits(start.python_s)} s"],
        ["with the service imported", f"{digits(start.import_s)} s"],
        ["to the first right answer", f"{digits(start.first_answer_s)} s"],
        ["resident then", f"{digits(start.idle_bytes / MB)} MB"],
        [f"resident after {start.photos:,} photos", f"{digits(start.loaded_bytes / MB)} MB"],
    ]
    return table(["start-up", ""], rows)
