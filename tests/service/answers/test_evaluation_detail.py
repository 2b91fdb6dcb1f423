"""Tests of an evaluation's detail."""

import base64
import io

import numpy as np
from PIL import Image

from service.answers.evaluation_detail import describe_digits, draw_sheets
from service.bundle import LabelledDigits
from service.evaluation.evaluating import evaluate
from tests.service.in_process import FakeEngine, load_model


def _read(url: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Decode the picture of a data URL."""
    content = base64.b64decode(url.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(content)))


class TestDescribeDigits:
    """`describe_digits`."""

    def test_columns(self) -> None:
        """Every digit stands in the columns with its label and answer, in order."""
        digits = LabelledDigits(np.zeros((3, 28, 28), np.uint8), np.array([7, 1, 7], np.uint8))
        evaluation = evaluate(
            load_model(FakeEngine()), digits, lambda *_: None, names=("a", "b", "c")
        )

        detail = describe_digits(evaluation)

        assert (detail.labels, detail.predicted) == ([7, 1, 7], [7, 7, 7])
        assert detail.confidences == evaluation.probabilities.max(axis=1).round(6).tolist()
        assert detail.names == ["a", "b", "c"]
        assert sum(it.count for it in detail.reliability) == 3


class TestDrawSheets:
    """`draw_sheets`."""

    def test_places(self) -> None:
        """Digits stand in rows of ten, a hundred on a sheet, and the rest of the last is black."""
        digits = np.random.default_rng(0).integers(1, 256, (103, 28, 28), np.uint8)

        sheets = [_read(url) for url in draw_sheets(digits)]

        assert [sheet.shape for sheet in sheets] == [(280, 280)] * 2
        np.testing.assert_array_equal(sheets[0][28:56, 84:112], digits[13])
        np.testing.assert_array_equal(sheets[1][:28, 56:84], digits[102])
        assert sheets[1][:, 84:].max() == 0
