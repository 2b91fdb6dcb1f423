"""The pictures that every contender gets, and the bodies that carry them."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.pictures import Picture, draw, load_digit, make_pictures, photograph
from benchmarks.uploads import Upload
from service.intake.uploads import single_file, split_files
from service.preprocessing import UploadLimits, preprocess

BUNDLE = Path(__file__).parents[2] / "models/textbook/1"


@pytest.fixture(scope="module")
def pictures() -> list[Picture]:
    """All three."""
    return make_pictures(BUNDLE)


class TestPictures:
    """What is uploaded."""

    def test_sizes(self, pictures: list[Picture]) -> None:
        """They are what their names say, the last with as many bytes as a camera writes."""
        sizes = [Image.open(io.BytesIO(picture.content)).size for picture in pictures]

        assert sizes == [(28, 28), (640, 480), (4000, 3000)]
        assert len(pictures[0].content) < 400
        assert len(pictures[2].content) > 2_000_000

    def test_smallest_is_canonical(self, pictures: list[Picture]) -> None:
        """The small one is a digit of MNIST as it is."""
        seen = preprocess(pictures[0].content, UploadLimits())

        np.testing.assert_array_equal(load_digit(BUNDLE), seen.image)

    def test_drawing_is_looked_through(self) -> None:
        """The drawing is as a canvas sends it, dark on white, and its digit must be found and scaled."""
        drawing = draw(load_digit(BUNDLE))

        seen = preprocess(drawing.content, UploadLimits())

        assert Image.open(io.BytesIO(drawing.content)).size == (280, 280)
        assert {"inverted", "cropped", "scaled"} <= set(seen.steps)

    def test_photograph_is_the_same_at_every_run(self) -> None:
        """The grain is seeded."""
        digit = load_digit(BUNDLE)
        first, second = (photograph(digit, "a", width=64, height=48) for _ in range(2))

        assert first.content == second.content


class TestUpload:
    """`Upload`."""

    @pytest.mark.parametrize("index", [0, 1])
    def test_multipart_carries_the_picture(self, pictures: list[Picture], index: int) -> None:
        """The service's own parser takes the same bytes out of the form."""
        upload = Upload(pictures[index], "multipart")

        assert single_file(split_files(upload.body)) == pictures[index].content

    @pytest.mark.parametrize(
        ("digit", "probabilities", "is_right"),
        [
            (3, [0, 0, 0, 1, 0, 0, 0, 0, 0, 0], True),
            (7, [0, 0, 0, 0, 0, 0, 0, 1, 0, 0], False),
            (3, [0, 0, 0, 0, 0, 0, 0, 1, 0, 0], False),
            (3, [0, 0, 0, 0.5, 0, 0, 0, 0, 0, 0], False),
            (3, [], False),
        ],
    )
    def test_right_answers(
        self, pictures: list[Picture], digit: int, probabilities: list[float], *, is_right: bool
    ) -> None:
        """An answer is right if class and probabilities say what is on the picture."""
        answer = json.dumps({"class": digit, "probabilities": probabilities}).encode()

        assert Upload(pictures[0], "raw").is_right(answer) is is_right

    def test_other_answers_are_wrong(self, pictures: list[Picture]) -> None:
        """An error page is no right answer."""
        assert not Upload(pictures[0], "raw").is_right(b"<html>")
