"""Tests of the generated part of the model card."""

from dataclasses import replace
from pathlib import Path
from shutil import copy

import pytest

from tests.training.conftest import ROOT
from tests.training.upload_reports import RESULTS
from training.errors import ResultsError
from training.failures import Failure
from training.model_card import BEGIN, END, render_failures, update_model_card
from training.upload_results import read_upload_results

pytestmark = pytest.mark.tensorflow

FAILED = replace(RESULTS, failures=[Failure("photo", 4, 9, 0.987), Failure("scan", 1, 7, 0.5)])


class TestRenderFailures:
    """Of `render_failures`."""

    def test_counts_and_lists_them(self) -> None:
        """All wrong answers with status `ok`, and those that the picture shows, numbered as there."""
        text = render_failures(FAILED)

        assert "it read 10 of 400 wrongly with status `ok`." in text
        assert "| 1 | photo | 4 | 9 | 0.99 |\n| 2 | scan | 1 | 7 | 0.50 |\n" in text
        assert "(images/failures.png)" in text

    def test_without_failures_there_is_no_picture(self) -> None:
        """The count alone, or nothing where the model was not measured."""
        assert "failures.png" not in render_failures(RESULTS)
        assert render_failures(replace(RESULTS, rendered={})) == ""


class TestUpdateModelCard:
    """Of `update_model_card`."""

    def test_changes_what_is_between_the_marks(self, tmp_path: Path) -> None:
        """And nothing else, however often."""
        card = tmp_path / "card.md"
        card.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")

        update_model_card(card, RESULTS)
        update_model_card(card, FAILED)

        assert card.read_text() == f"before\n{BEGIN}\n{render_failures(FAILED)}{END}\nafter\n"

    def test_explains_a_card_without_marks(self, tmp_path: Path) -> None:
        """What is missing, as it must be written."""
        (tmp_path / "card.md").write_text("a card")

        with pytest.raises(ResultsError, match="has no place for failures"):
            update_model_card(tmp_path / "card.md", RESULTS)

    def test_the_card_in_the_repository_is_up_to_date(self, tmp_path: Path) -> None:
        """Writing it anew from the repository's results changes nothing."""
        card = Path(copy(ROOT / "docs/model-card.md", tmp_path))

        update_model_card(card, read_upload_results(ROOT / "docs/results/uploads.json"))

        assert card.read_text() == (ROOT / "docs/model-card.md").read_text()
