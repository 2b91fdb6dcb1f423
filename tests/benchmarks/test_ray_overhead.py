"""The overhead of Ray Serve, without Ray."""

from pathlib import Path

import pytest

from benchmarks import ray_overhead
from benchmarks.errors import BenchmarkError
from benchmarks.ray_overhead import COMMAND, PAGE, RAY, UVICORN, OverheadRun, measure, render


def test_ratios_are_of_the_same_round() -> None:
    """Of each round, Ray Serve's figure is divided by uvicorn's."""
    runs = [
        *(OverheadRun(number, UVICORN.name, 16, 1000.0, 1.0, 2.0, 500.0) for number in (0, 1)),
        OverheadRun(0, RAY.name, 16, 250.0, 4.0, 8.0, 2000.0),
        OverheadRun(1, RAY.name, 16, 200.0, 5.0, 10.0, 2500.0),
    ]

    [row] = [line for line in render(runs).splitlines() if line.startswith("| 16 ")]

    assert "| 1,000 | 225 | 0.23 (0.20 to 0.25) |" in row
    assert row.endswith("| 0.50 | 2.25 | 4.50 (4.00 to 5.00) |")


def test_the_environment_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the environment of Ray, the message says how it is made."""
    monkeypatch.setattr(ray_overhead, "ENVIRONMENT", tmp_path)
    monkeypatch.setattr(ray_overhead, "find_wrk", lambda: "wrk")

    with pytest.raises(BenchmarkError, match=r"make \.venv/ray/ready"):
        measure(1, 1)


def test_page_has_a_place() -> None:
    """The page has the marks between which the table goes."""
    assert f"<!-- {COMMAND} -->\n" in PAGE.read_text()
