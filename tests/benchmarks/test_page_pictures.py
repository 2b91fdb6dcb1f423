"""Tests of the pictures of the web page."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.page_pictures import IMAGES, SIZE, SMALL, join, write

NAMES = ("page", "page-recognise", "page-inside", "page-evaluate", "page-model", "page-zh")
MAX_BYTES = 100_000


def test_four_in_two_rows() -> None:
    """The four stand in reading order, each small."""
    colours = ("red", "green", "blue", "black")
    whole = join([Image.new("RGB", SIZE, colour) for colour in colours])

    width, height = SMALL
    places = ((10, 10), (width + 20, 10), (10, height + 20), (width + 20, height + 20))
    seen = [whole.getpixel(place) for place in places]
    assert seen == [Image.new("RGB", (1, 1), colour).getpixel((0, 0)) for colour in colours]


def test_small_and_the_same_to_the_eye(tmp_path: Path) -> None:
    """A picture of many colours is written with a palette, and stays much as it was."""
    ramp = np.linspace(0, 255, 300, dtype=np.uint8)
    picture = Image.fromarray(np.dstack([np.tile(ramp, (200, 1))] * 3))

    write(picture, tmp_path / "a.png")

    written = Image.open(tmp_path / "a.png")
    assert written.mode == "P"
    difference = np.asarray(written.convert("RGB"), int) - np.asarray(picture, int)
    assert np.abs(difference).max() <= 4


@pytest.mark.parametrize("name", NAMES)
def test_pictures_are_small(name: str) -> None:
    """Every picture in the documents is there, and under 100 kB."""
    assert (IMAGES / f"{name}.png").stat().st_size < MAX_BYTES
