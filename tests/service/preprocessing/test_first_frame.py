"""Pictures of which only the first frame is read."""

import io
from unittest.mock import Mock

import numpy as np
import pytest
from PIL import Image

from service.preprocessing import UploadLimits, open_image
from service.preprocessing.first_frame import FirstFrame
from tests.hostile_files import gif_to_be_cleared
from tests.pictures import draw, encode

BACKGROUND, PREVIOUS = 2, 3  # what a frame asks to be cleared to; GIF89a, section 23


class TestFirstFrame:
    """`FirstFrame`."""

    def test_nothing_is_prepared_for_the_next_frame(self) -> None:
        """A frame that asks to be cleared makes no second picture of its size."""
        assert FirstFrame(io.BytesIO(gif_to_be_cleared())).dispose is None

    @pytest.mark.parametrize("disposal", [BACKGROUND, PREVIOUS])
    def test_frame_that_asks_to_be_cleared(self, disposal: int) -> None:
        """The first frame itself looks as ever."""
        seven, empty = draw(), Image.new("L", (280, 280), 255)
        animated = encode(
            seven, "GIF", save_all=True, append_images=[empty, seven], disposal=disposal
        )

        picture = open_image(animated, UploadLimits()).decode()

        np.testing.assert_array_equal(picture.grey, np.asarray(seven))


@pytest.mark.parametrize("image_format", ["GIF", "PNG", "TIFF", "WEBP"])
def test_second_frame_is_never_decoded(image_format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody goes on to a second frame or page, and damage in it changes nothing."""
    seven, rng = draw(), np.random.default_rng(5)
    noise = Image.fromarray(rng.integers(0, 256, (280, 280), np.uint8))
    options = {"lossless": True} if image_format == "WEBP" else {}
    file = bytearray(encode(seven, image_format, save_all=True, append_images=[noise], **options))
    with Image.open(io.BytesIO(file)) as frames:
        assert frames.n_frames == 2  # type: ignore[attr-defined]  # of these formats
        monkeypatch.setattr(type(frames), "seek", Mock(side_effect=AssertionError))
    file[-30_000:-1000] = bytes(29_000)  # within the noise, which takes most of the file

    picture = open_image(bytes(file), UploadLimits()).decode()

    np.testing.assert_array_equal(picture.grey, np.asarray(seven))
