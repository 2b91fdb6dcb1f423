"""The study of what is answered under more than can be done."""

import httpx
import pytest

from benchmarks.overload import BOUNDS, PAGE, STUDY, OverloadRun, render, serving
from tests.service.cli.conftest import draw_seven


def test_ratios() -> None:
    """Each bound has a row, with the medians of its rounds' ratios, and the least and the largest."""
    runs = [
        OverloadRun(number, bound, 200.0, 8.0, 200.0 * share, 8.0 * ratio, 0.7)
        for number, (share, ratio) in enumerate([(0.9, 2.0), (0.95, 2.5), (0.975, 1.5)])
        for bound in BOUNDS
    ]

    rows = [
        line for line in render(runs).splitlines() if line.startswith("| `") or "neither" in line
    ]

    assert [row.split(" | ")[0].strip("| ") for row in rows] == list(BOUNDS)
    assert all("0.95 (0.90 to 0.97)" in row and "2.00 (1.50 to 2.50)" in row for row in rows)
    assert "Medians of 3 rounds" in render(runs)


def test_page_has_what_was_measured() -> None:
    """The page's section is that of its results."""
    section = STUDY.section(PAGE.parent)

    assert section
    assert section in PAGE.read_text()


@pytest.mark.integration
def test_service_answers_slowly() -> None:
    """The service of the study answers right."""
    with serving({}) as port:
        answer = httpx.post(f"http://127.0.0.1:{port}/predict", content=draw_seven(), timeout=60)

    assert answer.json()["class"] == 7
