"""Tests of the upload benchmark, with recognisers and files whose answers are known."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from service.bundle import Bundle, LabelledDigits
from service.preprocessing import PREPROCESSING_VERSION
from tests.pictures import draw, encode
from tests.training.conftest import ROOT
from training.errors import ResultsError
from training.upload_benchmark import (
    Report,
    Tally,
    Upload,
    mean_over_writers,
    real_uploads,
    recogniser,
    rendered_digits,
    rendered_uploads,
    run_benchmark,
    total,
    tutorial_recogniser,
)
from training.uploads import DIGIT_KINDS, OTHER_KINDS

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """The embedded bundle of the chapter's network."""
    return Bundle.read(ROOT / "models/textbook/1", preprocessing_version=PREPROCESSING_VERSION)


def recognise(data: bytes) -> tuple[npt.NDArray[np.float64], str]:
    """Answer what a file of text says: its digit, with probability 1, and its status."""
    digit, status = data.decode().split()
    return np.eye(10)[int(digit)], status


class TestRunBenchmark:
    """Of `run_benchmark`."""

    def test_tallies_by_kind_and_writer(self) -> None:
        """Right, certain and refused answers, apart for digits and what is none."""
        uploads = [
            Upload(b"7 ok", 7, "photo", "Ada"),
            Upload(b"7 ok", 1, "photo", "Ada"),
            Upload(b"7 uncertain", 7, "photo"),
            Upload(b"7 not_a_digit", 7, "scan", "Bob"),
            Upload(b"7 refused", 7, "scan"),
            Upload(b"7 ok", None, "letter"),
            Upload(b"7 refused", None, "letter"),
        ]

        report = run_benchmark(recognise, uploads)

        assert report.digits == {
            "photo": Tally(n=3, right=2, ok=2, ok_right=1),
            "scan": Tally(n=2, right=1, refused=2),
        }
        assert report.others == {"letter": Tally(n=2, ok=1, refused=1)}
        assert report.writers == {
            "Ada": Tally(n=2, right=1, ok=2, ok_right=1),
            "Bob": Tally(n=1, right=1, refused=1),
        }
        assert report.calibration_error == pytest.approx(2 / 5)

    def test_without_digits_there_is_no_calibration_error(self) -> None:
        """Zero, where nothing shows a digit."""
        assert run_benchmark(recognise, [Upload(b"7 ok", None, "letter")]).calibration_error == 0


class TestRecognisers:
    """Of `recogniser` and `tutorial_recogniser`."""

    def test_the_service_reads_a_seven_on_white(self, bundle: Bundle) -> None:
        """The preprocessing finds it anywhere, where a tutorial's squeezes the whole picture."""
        data = encode(draw(size=(900, 300), at=(2.1, 0.1, 0.8)))

        probabilities, status = recogniser(bundle)(data)

        assert (int(probabilities.argmax()), status) == (7, "ok")
        assert probabilities.sum() == pytest.approx(1)

    def test_a_tutorials_reads_a_seven_as_mnist_has_it(self, bundle: Bundle) -> None:
        """Dark on white, filling the middle; every answer is `ok`."""
        probabilities, status = tutorial_recogniser(bundle)(encode(draw()))

        assert (int(probabilities.argmax()), status) == (7, "ok")

    def test_what_is_no_picture_is_refused(self, bundle: Bundle) -> None:
        """By both, with an answer that means nothing."""
        for way in (recogniser(bundle), tutorial_recogniser(bundle)):
            probabilities, status = way(b"no picture")

            assert status == "refused"
            assert probabilities.tolist() == [0.1] * 10


class TestRenderedUploads:
    """Of `rendered_uploads`."""

    def test_digits_are_spread(self, bundle: Bundle) -> None:
        """Each kind shows other digits, taken from all there are."""
        ten = LabelledDigits(bundle.validation_set().images[:10], np.arange(10, dtype=np.uint8))

        uploads = list(rendered_digits(ten, 2))

        labels = [upload.label for upload in uploads if upload.kind in DIGIT_KINDS[:3]]
        assert labels == [0, 5, 1, 6, 2, 7]

    def test_renders_every_kind(self, bundle: Bundle) -> None:
        """Digits of every kind, drawn and printed ones, then what is none."""
        uploads = list(rendered_uploads(bundle.validation_set(), 1))

        kinds = [*DIGIT_KINDS, "drawn styles", "printed", *OTHER_KINDS]
        assert [upload.kind for upload in uploads] == kinds
        assert [upload.label is None for upload in uploads] == [
            kind in OTHER_KINDS for kind in kinds
        ]

    def test_follows_from_the_seed(self, bundle: Bundle) -> None:
        """The same files again, other files of another seed."""
        digits = bundle.validation_set()

        one, again, other = (next(rendered_uploads(digits, 1, seed)).data for seed in (1, 1, 2))

        assert one == again
        assert one != other


class TestRealUploads:
    """Of `real_uploads`."""

    def test_reads_what_the_list_names(self, tmp_path: Path) -> None:
        """Path, label or none, kind and writer."""
        (tmp_path / "a.png").write_bytes(b"a")
        (tmp_path / "b.png").write_bytes(b"b")
        rows = ["path,label,kind,writer", "a.png,7,photo,Ada", "b.png,none,letter,"]
        (tmp_path / "labels.csv").write_text("\n".join(rows))

        assert list(real_uploads(tmp_path)) == [
            Upload(b"a", 7, "photo", "Ada"),
            Upload(b"b", None, "letter", ""),
        ]

    @pytest.mark.parametrize(
        "text",
        [None, "path,label,kind,writer\ngone.png,7,photo,Ada\n", "file,label\na.png,7\n"],
        ids=["no list", "no file", "no path"],
    )
    def test_explains_what_it_cannot_read(self, text: str | None, tmp_path: Path) -> None:
        """A folder without list, a list of what is not there, another list."""
        if text:
            (tmp_path / "labels.csv").write_text(text)

        with pytest.raises(ResultsError, match=r"has no labels\.csv \(path, label, kind, writer\)"):
            list(real_uploads(tmp_path))


def test_total() -> None:
    """Tallies add up, field by field."""
    tallies = [Tally(5, 4, 3, 2, 1), Tally(10, 10, 10, 10, 0)]

    assert total(tallies) == Tally(15, 14, 13, 12, 1)


@pytest.mark.parametrize(
    ("writers", "mean"),
    [
        ({"Ada": Tally(10, 10), "Bob": Tally(20, 10), "Cy": Tally(9, 0)}, 0.75),
        ({"Cy": Tally(9, 0)}, None),
    ],
    ids=["two of ten or more", "none of ten"],
)
def test_mean_over_writers(writers: dict[str, Tally], mean: float | None) -> None:
    """Every writer of ten pictures or more counts alike."""
    assert mean_over_writers(Report(writers=writers)) == mean
