"""Tests of the digits of other origin, and of MNIST's that are spoilt."""

import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from service.bundle import LabelledDigits
from training.corruptions import CORRUPTIONS
from training.digit_sets import UCI_KIND, corrupted_digits, uci_digits
from training.errors import ResultsError

pytestmark = pytest.mark.tensorflow  # the benchmark's module measures bundles


def write_rows(path: Path, rows: list[list[int]]) -> Path:
    """Write a table as `digits.csv.gz`."""
    with gzip.open(path / "digits.csv.gz", "wt") as file:
        file.writelines(",".join(map(str, row)) + "\n" for row in rows)
    return path / "digits.csv.gz"


class TestUciDigits:
    """Of `uci_digits`."""

    def test_gives_a_png_for_a_row(self, tmp_path: Path) -> None:
        """Sixteen greys a count of ink, 255 at most, row by row; the last number is the label."""
        path = write_rows(tmp_path, [[0, 1, 16, *[0] * 60, 8, 7], [16] * 64 + [0]])

        first, second = uci_digits(path)

        pixels = np.asarray(Image.open(io.BytesIO(first.data)))
        assert (first.label, first.kind, second.label) == (7, UCI_KIND, 0)
        assert pixels.shape == (8, 8)
        assert (*pixels[0, :3], pixels[7, 7]) == (0, 16, 255, 128)

    @pytest.mark.parametrize(
        "row", [[0] * 64, [*[17] * 64, 1], [*[1] * 64, 10], []], ids=["short", "ink", "label", "no"]
    )
    @pytest.mark.filterwarnings("ignore:loadtxt:UserWarning")
    def test_explains_another_table(self, row: list[int], tmp_path: Path) -> None:
        """A row too short, too much ink, a label that is no digit, nothing at all."""
        path = write_rows(tmp_path, [row])

        with pytest.raises(ResultsError, match=r"docs/uploads\.md says how to get them"):
            uci_digits(path)

    @pytest.mark.parametrize("data", [None, b"no gzip"])
    def test_explains_what_it_cannot_read(self, data: bytes | None, tmp_path: Path) -> None:
        """No file, or one of another format."""
        if data:
            (tmp_path / "digits.csv.gz").write_bytes(data)

        with pytest.raises(ResultsError, match="does not hold UCI's digits"):
            uci_digits(tmp_path / "digits.csv.gz")


class TestCorruptedDigits:
    """Of `corrupted_digits`."""

    def test_spoils_every_digit_in_every_way(self) -> None:
        """In the order of the ways, each of 28x28 pixels, the same again with the same seed."""
        images = np.zeros((2, 28, 28), np.uint8)
        images[:, 5:22, 10:18] = 255
        digits = LabelledDigits(images, np.array([1, 8], np.uint8))

        uploads = list(corrupted_digits(digits, seed=1))

        assert [upload.kind for upload in uploads] == [name for name in CORRUPTIONS for _ in (1, 8)]
        assert {upload.label for upload in uploads} == {1, 8}
        assert Image.open(io.BytesIO(uploads[-1].data)).size == (28, 28)
        assert uploads == list(corrupted_digits(digits, seed=1))
