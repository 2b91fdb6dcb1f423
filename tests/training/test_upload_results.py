"""Tests of the evidence on uploads and its JSON."""

import json
from pathlib import Path

import pytest

from service.bundle import Bundle
from service.preprocessing import PREPROCESSING_VERSION
from tests.training.conftest import ROOT
from tests.training.upload_reports import RESULTS
from training.errors import ResultsError
from training.upload_results import measure_uploads, read_upload_results, write_upload_results

pytestmark = pytest.mark.tensorflow


class TestMeasureUploads:
    """Of `measure_uploads`."""

    def test_looks_for_real_uploads_first(self, tmp_path: Path) -> None:
        """A wrong folder is told before minutes of rendering."""
        path = ROOT / "models/textbook/1"
        bundle = Bundle.read(path, preprocessing_version=PREPROCESSING_VERSION)
        said: list[str] = []

        with pytest.raises(ResultsError, match=r"has no labels\.csv"):
            measure_uploads({"textbook": bundle}, per_kind=1, real=tmp_path, say=said.append)

        assert said == []


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
