"""Tests of the generated page of results."""

from pathlib import Path
from shutil import copytree

import pytest

from tests.training.conftest import ROOT
from training.evidence import RecipeResult, SeedResult
from training.model_card import BEGIN, END
from training.results_page import render_results, write_results_page
from training.timing import EpochCost, EpochTimes

pytestmark = pytest.mark.tensorflow

SEEDS = [
    SeedResult(1, 0.9731, test_accuracy=0.98, test_loss=0.25, seconds_per_epoch=2.04),
    SeedResult(2, 0.9731, test_accuracy=0.99, test_loss=0.25, seconds_per_epoch=2.04),
    SeedResult(3, 0.9731, test_accuracy=1.0, test_loss=0.25, seconds_per_epoch=2.04),
]
RESULT = RecipeResult("small", "A small one.", 1234, "train it", "a machine", "Python 3", SEEDS)
PLAIN = [EpochCost(4.0, 1.0), EpochCost(8.0, 1.0), EpochCost(5.0, 1.0)]
OURS = [EpochCost(2.0, 0.75), EpochCost(6.0, 0.75), EpochCost(2.0, 0.75)]
TIMES = EpochTimes("small", 12_000, PLAIN, OURS, "time it", "a machine", "Python 3")


class TestRenderResults:
    """Of `render_results`."""

    def test_has_a_row_per_recipe(self) -> None:
        """Size, seeds, accuracy, mistakes and loss, each mean and sample deviation."""
        page = render_results([RESULT], [])

        assert "| `small` | 1,234 | 3 | 99.00 % ± 1.00 | 100 | 0.2500 ± 0.0000 |\n" in page

    def test_has_the_chapters_figure_beside(self) -> None:
        """99.12 % of one run, which is 88 mistakes."""
        page = render_results([RESULT], [])

        assert "| the chapter | | 1 | 99.12 % | 88 | 0.0260 |\n" in page

    def test_has_every_seed(self) -> None:
        """With validation and test accuracy, loss and time."""
        page = render_results([RESULT], [])

        assert "## small\n\nA small one.\n" in page
        assert "| 2 | 97.31 % | 99.00 % | 0.2500 | 2.0 |\n" in page
        assert "`train it`\non a machine; Python 3." in page

    def test_has_the_times_of_epochs(self) -> None:
        """Medians, and the median of the rounds' ratios."""
        page = render_results([RESULT], [TIMES])

        assert "| `small` | 12,000 | 3 | 1.00 | 0.75 | 0.75 | 5.00 | 2.00 | 0.50 |\n" in page

    def test_leaves_times_out_where_there_are_none(self) -> None:
        """No empty table."""
        assert "Epoch time" not in render_results([RESULT], [])


class TestWriteResultsPage:
    """Of `write_results_page`."""

    def test_the_page_in_the_repository_is_generated(self, tmp_path: Path) -> None:
        """Writing it anew from the repository's JSON files changes nothing."""
        copytree(ROOT / "docs" / "results", tmp_path / "results")

        page = write_results_page(tmp_path)

        assert page.read_text() == (ROOT / "docs" / "results.md").read_text()

    def test_the_card_gets_its_failures(self, tmp_path: Path) -> None:
        """Where there are a card and results on uploads."""
        copytree(ROOT / "docs" / "results", tmp_path / "results")
        (tmp_path / "model-card.md").write_text(f"{BEGIN}{END}")

        write_results_page(tmp_path)

        assert "with status `ok`" in (tmp_path / "model-card.md").read_text()
