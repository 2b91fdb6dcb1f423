"""Files: every format is what it says, and the service reads all of them."""

import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from service.preprocessing import preprocess
from service.preprocessing.decoding import UploadLimits, open_image
from training.uploads import DIGIT_KINDS, FORMATS, draw_digit, encode, render_digit

LIMITS = UploadLimits()


@pytest.fixture
def picture() -> npt.NDArray[np.uint8]:
    """A drawing in colour, higher than wide."""
    rng = np.random.default_rng(0)
    picture = render_digit("dark-on-white", draw_digit(5, rng), rng)[:, :100]
    return np.stack([picture] * 3, axis=-1)


class TestEncode:
    """`encode`."""

    @pytest.mark.parametrize("name", FORMATS)
    def test_format(self, picture: npt.NDArray[np.uint8], name: str) -> None:
        """A file is of the format that was asked for."""
        file = encode(picture, name, np.random.default_rng(0))

        with Image.open(io.BytesIO(file)) as image:
            assert str(image.format).lower() == name.split("-", maxsplit=1)[0]

    @pytest.mark.parametrize("kind", DIGIT_KINDS)
    @pytest.mark.parametrize("seed", range(3))
    def test_read_by_the_service(self, kind: str, seed: int) -> None:
        """The service finds a digit in an upload of every kind."""
        rng = np.random.default_rng(seed)
        file = encode(render_digit(kind, draw_digit(7, rng), rng), kind, rng)

        assert preprocess(file, LIMITS).image.max() > 100

    def test_turned(self, picture: npt.NDArray[np.uint8]) -> None:
        """A photo of a phone held sideways comes out upright."""
        rng = np.random.default_rng(0)
        for _ in range(6):
            upright = open_image(encode(picture, "jpeg-turned", rng), LIMITS).decode()

            assert "rotated" in upright.steps
            assert upright.grey.shape == picture.shape[:2]
            assert np.abs(upright.grey.astype(int) - picture[..., 0]).mean() < 6

    def test_fax(self, picture: npt.NDArray[np.uint8]) -> None:
        """A fax has one bit per pixel and keeps the ink dark."""
        with Image.open(io.BytesIO(encode(picture, "tiff-fax", np.random.default_rng(0)))) as fax:
            assert fax.mode == "1"
            assert np.asarray(fax)[picture[..., 0] > 200].all()

    def test_transparency(self) -> None:
        """A transparent picture keeps its alpha channel, whatever kind it is of."""
        rng = np.random.default_rng(1)
        picture = render_digit("transparent-png", draw_digit(2, rng), rng)

        with Image.open(io.BytesIO(encode(picture, "letter", rng))) as image:
            assert image.mode == "RGBA"

    def test_reproducible(self, picture: npt.NDArray[np.uint8]) -> None:
        """The same seed writes the same file."""
        first, again = (encode(picture, "phone-photo", np.random.default_rng(3)) for _ in range(2))

        assert first == again
