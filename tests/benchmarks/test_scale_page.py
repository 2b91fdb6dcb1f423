"""docs/scale.md: whatever commands write into it is what they write from the results that lie beside it."""

import re

from benchmarks import ray_overhead, scoring, sections, strategies
from benchmarks.simulation.page import PAGE, put, render_all
from benchmarks.simulation.paper import Assumptions

COMMANDS = {
    ray_overhead.COMMAND: ray_overhead.STUDY.section(PAGE.parent),
    strategies.EXTENT.command: strategies.STUDY.section(PAGE.parent),
}
NAMED = {"score": scoring.section(), **render_all(Assumptions())}


def test_sections_are_generated() -> None:
    """Writing every section anew changes nothing."""
    text = anew = PAGE.read_text(encoding="utf-8")
    for command, section in COMMANDS.items():
        anew = sections.put(anew, command, section)
    for name, section in NAMED.items():
        anew = put(anew, name, section)

    assert anew == text


def test_no_section_is_left_out() -> None:
    """Every pair of marks of the page is one of these."""
    text = PAGE.read_text(encoding="utf-8")

    assert set(re.findall("<!-- begin: (.*) -->", text)) == set(NAMED)
    assert set(re.findall("<!-- (python .*) -->", text)) == set(COMMANDS)
