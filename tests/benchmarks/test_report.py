"""The page on the comparison."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.report import render
from benchmarks.results import Case, read_comparison, write_comparison
from tests.benchmarks.comparisons import make_comparison, make_run


class TestRender:
    """`render`."""

    def test_headline(self) -> None:
        """Requests are relative to ours in the same form, and memory is that of one worker."""
        page = render(make_comparison())

        ours = "| digitserve | raw | 1.00 (1.00 to 1.00) | 0.50 (0.50 to 0.50) | 100 | 150 | 200 |"
        peer = (
            "| peer | multipart | 0.50 (0.40 to 0.80) | 0.50 (0.50 to 0.50) | 50.0 | 75.0 | 300 |"
        )
        assert ours in page
        assert peer in page

    def test_loads(self) -> None:
        """A line has medians and ratios, and says where requests failed."""
        page = render(make_comparison())

        assert "### 16 connections" in page
        assert "| peer (20% failed) | multipart | 500 | 0.50 (0.40 to 0.80) | 2.00 |" in page

    def test_loads_that_were_not_measured(self) -> None:
        """A number of connections that no one sent a picture on has no heading there."""
        comparison = make_comparison()
        photo = make_run(0, Case("photo", "raw", 64), 10)
        ours = replace(comparison.contenders[0], runs=[*comparison.contenders[0].runs, photo])
        pictures = {**comparison.pictures, "photo": "a photo"}

        page = render(replace(comparison, contenders=[ours], pictures=pictures))

        assert page.count("### 16 connections") == page.count("### 64 connections") == 1

    @pytest.mark.parametrize(
        ("commit", "said"), [("4e1f", "2026-01-01 at 4e1f on"), ("", "2026-01-01 on")]
    )
    def test_commit(self, commit: str, said: str) -> None:
        """What was measured stands beside the date, if it is known."""
        assert said in render(replace(make_comparison(), commit=commit))

    def test_failures_are_told(self) -> None:
        """A contender that could not be measured is named with the reason."""
        assert "Not measured: absent. pip could not install it." in render(make_comparison())

    def test_without_ours(self) -> None:
        """A run of peers alone has no ratios."""
        comparison = make_comparison()
        peers = replace(comparison, contenders=comparison.contenders[1:])

        assert "| peer | multipart | - |" in render(peers)


class TestReadComparison:
    """`read_comparison`."""

    def test_reads_what_was_written(self, tmp_path: Path) -> None:
        """Nothing is lost on the way through the file."""
        path = tmp_path / "results" / "serving.json"
        write_comparison(make_comparison(), path)

        assert read_comparison(path) == make_comparison()

    def test_refuses_another_file(self, tmp_path: Path) -> None:
        """The message says what writes it."""
        (tmp_path / "serving.json").write_text("[]")

        with pytest.raises(BenchmarkError, match="make bench"):
            read_comparison(tmp_path / "serving.json")
