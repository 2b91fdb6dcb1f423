"""The study of what is answered under more than can be done."""

import httpx
import pytest

from benchmarks.overload import PAGE, STUDY, OverloadRun, render, serving
from tests.service.cli.conftest import draw_seven


def test_ratios() -> None:
    """The median of the ratios is told, and the worst."""
    runs = [
        OverloadRun(0, 200.0, 8.0, 180.0, 16.0, 0.7),
        OverloadRun(1, 200.0, 8.0, 190.0, 20.0, 0.7),
        OverloadRun(2, 200.0, 8.0, 195.0, 12.0, 0.7),
    ]

    section = render(runs)

    assert "answered 95% of its capacity (in the worst\nof 3 rounds 90%)" in section
    assert "was\n2.0 times that of a service at a quarter of it (in the worst 2.5)" in section


def test_page_has_what_was_measured() -> None:
    """The page's section is that of its results."""
    section = STUDY.section(PAGE.parent)

    assert section
    assert section in PAGE.read_text()


@pytest.mark.integration
def test_service_answers_slowly() -> None:
    """The service of the study answers right."""
    with serving() as port:
        answer = httpx.post(f"http://127.0.0.1:{port}/predict", content=draw_seven(), timeout=60)

    assert answer.json()["class"] == 7
