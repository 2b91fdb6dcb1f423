"""Where the digit is, in the picture's own pixels."""

import numpy as np
import pytest
from PIL import Image

from service.preprocessing.decoding import Grey
from service.preprocessing.finding import find_digit
from service.preprocessing.geometry import Box
from service.preprocessing.segmentation import INK_THRESHOLD


def _block(box: Box, level: int, paper: int, side: int) -> Grey:
    """Draw a filled block on a square picture."""
    picture = np.full((side, side), paper, np.uint8)
    picture[box.slices] = level
    return picture


@pytest.mark.parametrize(
    ("side", "box"),
    [(100, Box(46, 30, 54, 70)), (400, Box(181, 101, 211, 223)), (400, Box(160, 40, 200, 360))],
    ids=["as it is", "small, in full size", "large, on the reduced picture"],
)
def test_box(side: int, box: Box) -> None:
    """The box is exact, and the ink is cut to it."""
    found = find_digit(_block(box, 20, 240, side))

    assert found is not None
    assert found.box == box
    assert found.steps == ("inverted", "cropped")
    assert found.ink.min() == 255


@pytest.mark.parametrize(
    ("level", "box", "faint", "border"),
    [
        (200, Box(46, 30, 54, 70), True, False),
        (20, Box(46, 60, 54, 100), False, True),
    ],
)
def test_remarks(level: int, box: Box, faint: bool, border: bool) -> None:
    """Little contrast and a digit that is cut off are told of."""
    found = find_digit(_block(box, level, 230, 100))

    assert found is not None
    assert (found.is_faint, found.at_border, found.has_others) == (faint, border, False)


@pytest.mark.parametrize("scale", [1, 4])
def test_part_is_cut_from_the_rest(scale: int) -> None:
    """Ink that was left out is not in the crop, though it lies in the box; in full size, too."""
    picture = _block(Box(45, 25, 50, 55), 0, 255, 100)
    picture[53:55, 45:65] = 0
    picture[26, 63] = 0

    found = find_digit(picture.repeat(scale, axis=0).repeat(scale, axis=1))

    assert found is not None
    assert "parts-removed" in found.steps
    assert not found.ink[: 5 * scale, 15 * scale :].any()


def test_window() -> None:
    """A digit left out of a dark block is found in it, where the block lies."""
    picture = _block(Box(100, 100, 300, 300), 30, 250, 400)
    picture[140:260, 190:210] = 250

    found = find_digit(picture)

    assert found is not None
    assert found.steps == ("window-entered", "cropped")
    assert found.box == Box(190, 140, 210, 260)


def test_tilted_window() -> None:
    """A digit on a tilted sheet is found on it, and the desk around the sheet is not."""
    sheet = Image.new("L", (200, 160), 240)
    sheet.paste(20, (90, 30, 110, 130))
    desk = Image.new("L", (400, 400), 10)
    desk.paste(sheet, (100, 120))

    found = find_digit(np.asarray(desk.rotate(12, Image.Resampling.BICUBIC, fillcolor=10)))

    assert found is not None
    assert found.steps[:2] == ("window-entered", "inverted")
    assert 85 <= found.box.height <= 115
    assert abs(found.box.left + found.box.right - 400) < 20


@pytest.mark.parametrize("is_dark", [True, False])
def test_line_of_one_pixel(is_dark: bool) -> None:
    """A line so thin that averaging loses it is found where the picture has no grain."""
    picture = np.full((400, 400), 200 if is_dark else 60, np.uint8)
    picture[100:300, 201] = 170 if is_dark else 90

    found = find_digit(picture)

    assert found is not None
    assert (found.box.top, found.box.bottom) == (100, 300)
    assert found.box.left <= 201 < found.box.right


def test_grain() -> None:
    """The strongest grains of blank paper are no line."""
    grain = np.random.default_rng(1).normal(0, 2, (400, 400))

    assert find_digit((200 + grain).astype(np.uint8)) is None


def test_block_without_a_digit() -> None:
    """A block with nothing in it but a dot is itself what was found."""
    block = _block(Box(20, 20, 80, 80), 30, 250, 100)
    block[48:53, 48:53] = 250

    found = find_digit(block)

    assert found is not None
    assert found.box == Box(20, 20, 80, 80)


def _sheets() -> Grey:
    """Draw a darker sheet upon another, and a third one along its side; all are paper."""
    picture = _block(Box(0, 10, 90, 80), 190, 230, 120)
    picture[:, 90:] = 215
    return picture


@pytest.mark.parametrize("picture", [np.full((50, 50), 9, np.uint8), _sheets()])
def test_nothing(picture: Grey) -> None:
    """Neither even paper nor what looked like ink and turns out too pale is a digit."""
    assert find_digit(picture) is None


def test_enlarged_smoothly() -> None:
    """A digit that fills a tiny picture from top to bottom is found where that was enlarged, too."""
    tiny = np.zeros((8, 8), np.uint8)
    tiny[:, 3:5] = 240
    tiny[0, 2] = tiny[7, 2:6] = 200
    large = np.asarray(Image.fromarray(tiny).resize((240, 240), Image.Resampling.BILINEAR))

    found = find_digit(large)

    assert found is not None
    assert found.steps[0] == "reduced"
    assert "background-removed" not in found.steps
    assert (found.box.top, found.box.bottom) == (0, 240)
    assert 40 <= found.box.left < found.box.right <= 200


def test_small_digit_on_rules() -> None:
    """Rules that a stricter look told from the pen do not come back when a small digit is cut out."""
    picture = np.full((800, 800), 235, np.uint8)
    for row in range(8):
        picture[40 + row :: 80] = 150
    ring, hole = Box(370, 330, 430, 450), Box(385, 345, 415, 435)
    inside = picture[hole.slices].copy()
    picture[ring.slices] = 20
    picture[hole.slices] = inside

    found = find_digit(picture)

    assert found is not None
    assert found.box == ring
    assert found.ink[16:-16, 16:-16].max() < INK_THRESHOLD
