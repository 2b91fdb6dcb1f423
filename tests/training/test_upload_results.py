"""Tests of the evidence on uploads and its JSON."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from service.bundle import Bundle
from service.preprocessing import PREPROCESSING_VERSION
from tests.training.conftest import ROOT
from tests.training.upload_reports import COUNTS, RESULTS, SKIPPED, SPOILT
from training.errors import ResultsError
from training.upload_results import (
    keep_skipped,
    measure_uploads,
    read_upload_results,
    write_upload_results,
)

pytestmark = pytest.mark.tensorflow


class TestMeasureUploads:
    """Of `measure_uploads`."""

    def test_looks_for_real_uploads_first(self, tmp_path: Path) -> None:
        """A wrong folder is told before minutes of rendering."""
        path = ROOT / "models/textbook/1"
        bundle = Bundle.read(path, preprocessing_version=PREPROCESSING_VERSION)
        said: list[str] = []

        with pytest.raises(ResultsError, match=r"has no labels\.csv"):
            measure_uploads(
                {"textbook": bundle}, per_kind=1, real=tmp_path, uci=None, say=said.append
            )

        assert said == []

    def test_looks_for_ucis_digits_first(self, tmp_path: Path) -> None:
        """And for the file of them."""
        path = ROOT / "models/textbook/1"
        bundle = Bundle.read(path, preprocessing_version=PREPROCESSING_VERSION)
        said: list[str] = []

        with pytest.raises(ResultsError, match=r"does not hold UCI's digits"):
            measure_uploads(
                {"textbook": bundle}, per_kind=1, real=None, uci=tmp_path / "no", say=said.append
            )

        assert said == []


class TestKeepSkipped:
    """Of `keep_skipped`."""

    def test_keeps_what_the_same_weights_were_measured_on(self) -> None:
        """Real uploads and UCI's digits, and with them the command that measures all of it."""
        said: list[str] = []

        kept = keep_skipped(SKIPPED, RESULTS, said.append)

        assert kept == RESULTS
        assert kept.command.endswith(" --uploads DIR --uci FILE")
        assert said == []

    def test_drops_what_other_weights_were_measured_on(self) -> None:
        """Those figures alone, and says so."""
        said: list[str] = []
        anew = replace(SKIPPED, weights={"digits": "d2", "textbook": "t1"})

        kept = keep_skipped(anew, RESULTS, said.append)

        assert set(kept.real) == {"service/textbook", "tutorial/textbook"}
        assert set(kept.uci) == {"service/textbook"}
        assert sorted(said) == [
            f"Dropped {way}: measured with other weights. Measure it anew."
            for way in (
                "service/digits on UCI's digits",
                "service/digits on real uploads",
                "tutorial/digits on real uploads",
            )
        ]

    def test_what_was_measured_stands(self) -> None:
        """Nothing of the previous results is mixed in."""
        previous = replace(RESULTS, uci=SPOILT, real=COUNTS)

        assert keep_skipped(RESULTS, previous) == RESULTS


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
