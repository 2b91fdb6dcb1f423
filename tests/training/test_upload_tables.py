"""Tests of the tables on uploads, of hand-made reports."""

from dataclasses import replace

import pytest

from tests.training.upload_reports import RESULTS, WAYS
from training.results_page import render_results
from training.upload_benchmark import Report, Tally
from training.upload_tables import render_upload_results

pytestmark = pytest.mark.tensorflow


class TestRenderUploadResults:
    """Of `render_upload_results`."""

    @pytest.mark.parametrize(
        "row",
        [
            "| grey, resize, invert | `digits` | 65.0 % | 65.0 % | 85.0 % |",
            "| the service's | `digits` | 95.0 % | 95.0 % | 85.0 % |",
            "| the service's | `textbook` | 85.0 % | 85.0 % | 85.0 % |",
            "### Accuracy by kind, real",
            "| photo | 200 | 90.0 % | 70.0 % |",
            "| scan | 200 | 100.00 % | 100.00 % |",
            "| rendered | `digits` | 1.2 % | 10.0 % | 2.5 % | 97.2 % |",
            "| real | letter | 50 | 50.0 % | 50.0 % |",
            "`digits` 99.81 %, `textbook` 99.20 %.",
            "| 8x8 | 1,797 | 94.6 % | 89.0 % |",
            "| fog | 10 | 90.0 % | 80.0 % |",
            "| mean of the corruptions | 20 | 75.0 % | 65.0 % |",
            "| corrupted | `digits` | 0.0 % |",
            "`python -m training benchmark --per-kind 200 --uploads DIR --uci FILE`\non a machine; Py",
        ],
    )
    def test_says_what_the_reports_hold(self, row: str) -> None:
        """Levers, kinds, honesty, test digits and where it comes from, in shares by hand."""
        assert row in render_upload_results(RESULTS)

    def test_without_real_uploads_there_is_no_table_of_them(self) -> None:
        """Their cells stay empty."""
        page = render_upload_results(replace(RESULTS, real={}))

        assert "| the service's | `digits` | 95.0 % |  |  |" in page
        assert "Accuracy by kind, real" not in page

    def test_cells_of_what_was_not_measured_stay_empty(self) -> None:
        """Of one of the bundles, and of all of them."""
        some = {way: report for way, report in WAYS.items() if way.endswith("textbook")}

        page = render_upload_results(replace(RESULTS, real=some, uci={}, corrupted={}))

        assert "| scan | 200 |  | 100.00 % |" in page
        assert "| real | letter | 50 |  | 50.0 % |" in page
        assert "| the service's | `digits` | 95.0 % |  |  |" in page
        assert "mean of the corruptions" not in page
        assert "--uci" not in page

    def test_without_digits_there_are_no_shares(self) -> None:
        """Of a folder of real uploads that show none, cells stay empty."""
        blank = Report(others={"letter": Tally(n=50, ok=25)})

        page = render_upload_results(replace(RESULTS, real=dict.fromkeys(RESULTS.real, blank)))

        assert "| the service's | `digits` | 95.0 % |  |  |" in page
        assert "| real | `digits` | 0.0 % |  |  |  |" in page
        assert "| real | letter | 50 | 50.0 % | 50.0 % |" in page

    def test_is_part_of_the_page(self) -> None:
        """Before the recipes, and only where it was measured."""
        assert "## Uploads\n" in render_results([], [], RESULTS)
        assert "## Uploads\n" not in render_results([], [])
