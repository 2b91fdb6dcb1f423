"""What is compared on large pictures, and the table of it."""

import io
import json

from PIL import Image

from benchmarks.catalogue import ROOT
from benchmarks.large_pictures import LargeRun, make_files, recognise, render, shrink_plainly
from benchmarks.pictures import LABEL
from service.inference.models import Models


def test_both_codings_are_read() -> None:
    """They have the same pixels' number, one is progressive, and the answer to both is right."""
    model = Models.load(ROOT / "models", default="textbook", engine="litert").find(None)
    files = make_files()

    images = {coding: Image.open(io.BytesIO(content)) for coding, content in files.items()}
    answers = [json.loads(recognise(content, model))["class"] for content in files.values()]

    assert [image.size for image in images.values()] == [(4000, 3000)] * 2
    assert ["progressive" in image.info for image in images.values()] == [False, True]
    assert answers == [LABEL, LABEL]


def test_plain_decoding_ends_where_a_network_begins() -> None:
    """A grey picture of 28x28 pixels."""
    picture = shrink_plainly(make_files()["baseline"])

    assert (picture.mode, picture.size) == ("L", (28, 28))


def test_ratio_is_ours_over_plain_decoding() -> None:
    """Of the same round, for each coding."""
    page = render([LargeRun(0, "baseline", 30.0, 120.0), LargeRun(0, "progressive", 90.0, 180.0)])

    assert "| baseline | 30.0 | 120 | 0.25 |" in page
    assert "| progressive | 90.0 | 180 | 0.50 |" in page
    assert "End to end" not in page


def test_latencies_over_http() -> None:
    """They stand beside each other, with how many times as fast ours is."""
    page = render([LargeRun(0, "baseline", 30.0, 120.0, 50.0, 150.0)])

    assert "| baseline | 50.0 | 150 | 0.33 | 3.00 |" in page
