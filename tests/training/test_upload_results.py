"""Tests of the evidence on uploads: its JSON, and the tables of hand-made reports."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from training.errors import ResultsError
from training.results_page import render_results
from training.upload_benchmark import Report, Tally
from training.upload_results import (
    UploadResults,
    read_upload_results,
    render_upload_results,
    write_upload_results,
)

pytestmark = pytest.mark.tensorflow


def _report(right: int) -> Report:
    """Of 400 photos and scans that many are right; half of the letters are told from digits."""
    return Report(
        digits={
            "photo": Tally(n=200, right=right - 200, ok=160, ok_right=150, refused=10),
            "scan": Tally(n=200, right=200, ok=200, ok_right=200),
        },
        others={"letter": Tally(n=50, ok=25, refused=20)},
        writers={"Ada": Tally(n=10, right=8), "Bob": Tally(n=20, right=18)},
        calibration_error=0.0123,
    )


WAYS = {
    "tutorial/digits": _report(260),
    "service/digits": _report(380),
    "tutorial/textbook": _report(220),
    "service/textbook": _report(340),
}
RESULTS = UploadResults(
    200, WAYS, WAYS, {"digits": 0.9981, "textbook": 0.992}, "measure it", "a machine", "Python 3"
)


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
            "`measure it`\non a machine; Python 3.",
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

    def test_is_part_of_the_page(self) -> None:
        """Before the recipes, and only where it was measured."""
        assert "## Uploads\n" in render_results([], [], RESULTS)
        assert "## Uploads\n" not in render_results([], [])


class TestReadUploadResults:
    """Of `read_upload_results`."""

    def test_reads_what_was_written(self, tmp_path: Path) -> None:
        """The same results, to the last tally."""
        write_upload_results(RESULTS, tmp_path)

        assert read_upload_results(tmp_path / "results" / "uploads.json") == RESULTS

    @pytest.mark.parametrize(
        "text",
        ["no json", "[]", "{}", json.dumps({"rendered": {"a": {}}, "real": {}})],
        ids=["no json", "a list", "nothing", "an empty report"],
    )
    def test_explains_what_it_cannot_read(self, text: str, tmp_path: Path) -> None:
        """And says how to write it anew."""
        (tmp_path / "uploads.json").write_text(text)

        with pytest.raises(ResultsError, match=r"write it anew with: python -m training benchmark"):
            read_upload_results(tmp_path / "uploads.json")
