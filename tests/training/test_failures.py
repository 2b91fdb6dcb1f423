"""Tests of the failures that the model card shows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from service.bundle import Bundle
from service.preprocessing import PREPROCESSING_VERSION
from tests.pictures import draw, encode
from tests.training.conftest import ROOT
from training.failures import (
    CAPTION,
    NUM_SHOWN,
    SIDE,
    Exhibit,
    Failure,
    find_failures,
    write_failures_picture,
)
from training.upload_benchmark import Upload

pytestmark = pytest.mark.tensorflow

SEVEN = encode(draw())
GREY = np.full((8, 8), 200, np.uint8)


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """The embedded bundle of the chapter's network."""
    return Bundle.read(ROOT / "models/textbook/1", preprocessing_version=PREPROCESSING_VERSION)


def exhibit(number: int) -> Exhibit:
    """A small grey picture of a kind with a number."""
    return Exhibit(Failure(f"kind {number}", 4, 9, 0.9), GREY, np.zeros((28, 28), np.uint8))


class TestFindFailures:
    """Of `find_failures`."""

    def test_shows_a_wrong_answer(self, bundle: Bundle) -> None:
        """A clear 7 that is labelled 1, with its picture and what the network saw."""
        (found,) = find_failures(bundle, [Upload(SEVEN, 1, "dark-on-white")])

        assert replace(found.failure, confidence=1) == Failure("dark-on-white", 1, 7, 1)
        assert found.failure.confidence > 0.9
        assert found.canonical.shape == (28, 28)
        assert np.ptp(found.upload) > 150

    @pytest.mark.parametrize(
        "upload",
        [
            Upload(SEVEN, 7, "right"),
            Upload(SEVEN, None, "no digit"),
            Upload(b"no picture", 7, "refused"),
        ],
        ids=lambda upload: upload.kind,
    )
    def test_leaves_out_the_rest(self, upload: Upload, bundle: Bundle) -> None:
        """What is right, shows no digit, or was refused."""
        assert find_failures(bundle, [upload]) == []

    def test_leaves_out_what_was_doubted(self, bundle: Bundle) -> None:
        """A wrong answer whose status is not `ok` is none of them."""
        strict = bundle.manifest.decision.model_copy(update={"uncertain_below": 1.0})
        manifest = bundle.manifest.model_copy(update={"decision": strict})

        found = find_failures(Bundle(bundle.path, manifest), [Upload(SEVEN, 1, "doubted")])

        assert found == []

    def test_shows_the_surest(self, bundle: Bundle) -> None:
        """No more than fit on the picture."""
        uploads = [Upload(SEVEN, 1, "same")] * (NUM_SHOWN + 1)

        assert len(find_failures(bundle, uploads)) == NUM_SHOWN


class TestWriteFailuresPicture:
    """Of `write_failures_picture`."""

    def test_writes_tiles_in_rows(self, tmp_path: Path) -> None:
        """Four in a row, two pictures each below a caption."""
        write_failures_picture([exhibit(number) for number in range(5)], tmp_path)

        image = Image.open(tmp_path / "images/failures.png")
        assert image.width == pytest.approx(4 * 2 * SIDE, abs=20)
        assert image.height == pytest.approx(2 * (SIDE + CAPTION), abs=20)
        assert image.convert("L").getpixel((50, 60)) == pytest.approx(200, abs=2)

    def test_without_failures_there_is_no_picture(self, tmp_path: Path) -> None:
        """One of an older network goes, too."""
        write_failures_picture([exhibit(1)], tmp_path)
        write_failures_picture([], tmp_path)

        assert not (tmp_path / "images/failures.png").exists()

    def test_the_one_in_the_repository_is_small(self) -> None:
        """At most 150 kB."""
        assert (ROOT / "docs/images/failures.png").stat().st_size < 150_000
