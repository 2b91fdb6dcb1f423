"""Blocks with the digit left out."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from service.preprocessing.decoding import Grey
from service.preprocessing.geometry import Box
from service.preprocessing.parts import find_parts
from service.preprocessing.windows import Window, find_window

SHAPE = (100, 100)


def _find(ink: Grey, *, main: int = 0) -> Window | None:
    """Find a window among ink; the main part is the heaviest, or the one of that rank."""
    parts = find_parts(ink > 0, ink)
    return find_window(parts.heaviest[main], parts, SHAPE)


def _tilted(degrees: float) -> Grey:
    """Draw a sheet of 50x40 with a bar left out, tilted."""
    sheet = Image.new("L", (50, 40), 255)
    ImageDraw.Draw(sheet).rectangle((22, 8, 27, 32), fill=0)
    canvas = Image.new("L", SHAPE)
    canvas.paste(sheet, (25, 30))
    return np.asarray(canvas.rotate(degrees))


def _round(outer: int, hole: int) -> Grey:
    """Draw a disc of that radius with a hole."""
    canvas = Image.new("L", SHAPE)
    draw = ImageDraw.Draw(canvas)
    draw.ellipse((50 - outer, 50 - outer, 50 + outer, 50 + outer), fill=255)
    draw.ellipse((50 - hole, 50 - hole, 50 + hole, 50 + hole), fill=0)
    return np.asarray(canvas)


def test_upright() -> None:
    """The inside of an upright block begins behind its rim, and is all of its box."""
    window = _find(_tilted(0))

    assert window is not None
    assert (window.box, window.outside) == (Box(27, 32, 73, 68), None)


@pytest.mark.parametrize("degrees", [-18, -9, 7, 15])
def test_tilted(degrees: int) -> None:
    """Of a tilted sheet's box the corners and the rim lie outside, and the bar that was left out inside."""
    ink = _tilted(degrees)

    window = _find(ink)

    assert window is not None
    assert window.outside is not None
    is_inside = ~window.outside
    assert not is_inside[0].any()
    assert not is_inside[:, -1].any()
    assert 0.7 * 50 * 40 < np.count_nonzero(is_inside) < 50 * 40
    left_out = (ink[window.box.slices] == 0) & is_inside
    assert np.count_nonzero(left_out) == pytest.approx(6 * 25, rel=0.2)


def test_badge() -> None:
    """A disc with little left out is a window; what lies beside the circle is outside."""
    window = _find(_round(30, 8))

    assert window is not None
    assert window.outside is not None
    assert np.count_nonzero(~window.outside) == pytest.approx(np.pi * 28**2, rel=0.03)


@pytest.mark.parametrize(
    "ink",
    [
        _round(30, 18),
        _round(9, 2),
        np.triu(np.full(SHAPE, 255, np.uint8)),
        np.eye(100, dtype=np.uint8) * 255,
    ],
    ids=["a zero", "small", "a triangle", "a stroke"],
)
def test_no_window(ink: Grey) -> None:
    """Strokes, small dots and other shapes are no windows."""
    assert _find(ink) is None


def test_button() -> None:
    """A block beside the digit is a button."""
    ink = np.zeros(SHAPE, np.uint8)
    ink[80:96, 20:80] = 255
    ink[20:60, 46:54] = 255

    assert _find(ink, main=1) is None
    assert _find(ink, main=0) is not None
