"""GIFs of which only the first frame is read."""

import io

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
