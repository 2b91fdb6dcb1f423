"""Pictures of the canonical size that are read as they are."""

from collections.abc import Callable

import numpy as np
import pytest

from service.preprocessing import canonicalise
from service.preprocessing.decoding import Grey, Picture

PAPER, INK = 0, 255


@pytest.fixture
def digit() -> Grey:
    """A 1: a bar of 20x4 pixels in the middle."""
    grey = np.full((28, 28), PAPER, np.uint8)
    grey[4:24, 12:16] = INK
    return grey


def _with_specks(grey: Grey) -> Grey:
    """Set single pixels all over."""
    grey[1::6, 2::6] = INK
    return grey


def _with_line(grey: Grey) -> Grey:
    """Draw a line from the left to the right, broken once."""
    grey[14] = INK
    grey[14, 2] = PAPER
    return grey


def _with_stripes(grey: Grey) -> Grey:
    """Invert the left and the right quarter."""
    grey[:, :7] = ~grey[:, :7]
    grey[:, -7:] = ~grey[:, -7:]
    return grey


@pytest.mark.parametrize("spoil", [_with_specks, _with_line, _with_stripes])
def test_spoilt(digit: Grey, spoil: Callable[[Grey], Grey]) -> None:
    """A digit among noise, under a line or between stripes is read as it is."""
    spoilt = spoil(digit)

    seen = canonicalise(Picture(spoilt))

    assert (seen.image == spoilt).all()
    assert seen.steps == ()


def test_dark_ink(digit: Grey) -> None:
    """Dark ink is made light, and nothing else."""
    spoilt = _with_specks(digit)

    seen = canonicalise(Picture(~spoilt))

    assert (seen.image == spoilt).all()
    assert seen.steps == ("inverted",)


def test_large_drawing() -> None:
    """A digit in one part that fills the picture is brought to the canonical size."""
    grey = np.full((28, 28), PAPER, np.uint8)
    grey[1:27, 12:17] = INK

    seen = canonicalise(Picture(grey))

    assert "scaled" in seen.steps


def test_off_centre(digit: Grey) -> None:
    """What lies off the middle is cut out, whatever else there is."""
    spoilt = np.roll(_with_specks(digit), 9, axis=1)

    seen = canonicalise(Picture(spoilt))

    assert "cropped" in seen.steps


def test_other_size(digit: Grey) -> None:
    """A digit among noise on a larger picture is cut out."""
    seen = canonicalise(Picture(np.pad(_with_specks(digit), 1)))

    assert "parts-removed" in seen.steps


@pytest.mark.parametrize("levels", [(0, 100), (60, 255)], ids=["faint", "grey paper"])
def test_other_levels(digit: Grey, levels: tuple[int, int]) -> None:
    """Pale ink and grey paper are brought to ink and paper."""
    paper, ink = levels
    spoilt = np.where(_with_specks(digit) == INK, ink, paper).astype(np.uint8)

    seen = canonicalise(Picture(spoilt))

    assert "parts-removed" in seen.steps
    assert (seen.image.min(), seen.image.max()) == (0, 255)


def test_nothing_was_left_out() -> None:
    """Two digits on a picture that is read as it is: no warning says that one was left out."""
    grey = np.full((28, 28), PAPER, np.uint8)
    grey[1:26, 11:16] = INK
    grey[3:20, 2:4] = INK

    seen = canonicalise(Picture(grey))

    assert seen.image.tobytes() == grey.tobytes()
    assert not [warning for warning in seen.warnings if "several parts" in warning]
