"""The page on the service itself, and the stages of an upload."""

from dataclasses import fields
from pathlib import Path

import pytest

from benchmarks.budget import Budget, parse_timing, time_alone
from benchmarks.errors import BenchmarkError
from benchmarks.performance import (
    BEGIN,
    END,
    STAGES,
    Performance,
    put,
    render_performance,
)
from benchmarks.pictures import make_pictures
from benchmarks.start_up import StartUp
from benchmarks.uploads import Upload
from service.inference.models import Models
from service.telemetry.request_record import RequestRecord
from service.telemetry.server_timing import write_server_timing

ROOT = Path(__file__).parents[2]


def test_every_stage_has_its_line() -> None:
    """The table names every part of the budget, and nothing else."""
    assert {field.name for field in fields(Budget)} == {"upload", *STAGES, "alone_us"}


def test_stages_are_parts_of_the_budget() -> None:
    """What is timed in this process has the budget's names."""
    models = Models.load(ROOT / "models", default="textbook", engine="litert")
    body = Upload(make_pictures(ROOT / "models/textbook/1")[0], "multipart").body

    assert set(time_alone(body, models)) < set(STAGES)


def test_header_of_the_service_is_read() -> None:
    """Its steps are in milliseconds."""
    record = RequestRecord(decode_s=0.0002, preprocess_s=0.0005, queue_s=0.0, model_s=0.0003)

    timing = parse_timing(write_server_timing(record))

    assert timing == pytest.approx({"decode": 200, "preprocess": 500, "queue": 0, "model": 300})


def test_tables() -> None:
    """Every upload is a column, and memory is in megabytes."""
    budget = Budget("28x28 PNG, raw", 35, 100, 0.2, 40, 40, 140, 5, 360.2, 150.1)
    start = StartUp(0.02, 0.4, 0.8, 90_000_000, 1000, 95_000_000)

    page = render_performance(Performance("a machine", "Python", "2026-01-01", start, [budget]))

    assert "| CPU time, µs | 28x28 PNG, raw |" in page
    assert "| network | 140 |" in page
    assert "| all / (decoding + network) | 2.00 |" in page  # 360.2 of 40 + 140
    assert "| all / (decoding + network in a loop of their own) | 2.40 |" in page  # of 150.1
    assert "| resident after 1,000 photos | 95.0 MB |" in page


class TestPut:
    """`put`."""

    def test_replaces_what_is_between_the_marks(self) -> None:
        """What people wrote around them stays."""
        page = f"before\n{BEGIN}\nold\n{END}\nafter\n"

        assert put(page, r"new \1") == f"before\n{BEGIN}\nnew \\1\n{END}\nafter\n"

    def test_needs_the_marks(self) -> None:
        """Without them there is no place for the tables."""
        with pytest.raises(BenchmarkError, match="once each"):
            put("prose", "tables")

    def test_page_has_the_marks(self) -> None:
        """The page in the repository has a place for the tables."""
        assert put((ROOT / "docs/performance.md").read_text(), "tables").count("tables") >= 1
