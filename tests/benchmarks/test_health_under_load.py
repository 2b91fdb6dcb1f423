"""The table of the health under load."""

from dataclasses import replace

from benchmarks.health_under_load import HealthRun, render

RUN = HealthRun(0, 1, 1.0, 2.0, 3.0, 20.0, 30.0, 25.0)


def test_line_of_each_number_of_workers() -> None:
    """Medians with their spread, and the slowest of all rounds."""
    later = replace(RUN, round=1, p99_ms=40.0, slowest_ms=50.0)
    other = replace(RUN, workers=2, photos_per_s=45.0)

    page = render([RUN, later, other])

    line = "| 1 | 25.0 (25.0 to 25.0) | 1.00 (1.00 to 1.00) | 2.00 (2.00 to 2.00) |"
    assert f"{line} 3.00 (3.00 to 3.00) | 30.0 (20.0 to 40.0) | 50.0 |" in page
    assert "| 2 | 45.0 |" in page


def test_number_of_workers_that_was_not_measured() -> None:
    """It has no line."""
    assert "| 2 |" not in render([RUN])
