"""Ink out of contrast."""

import numpy as np

from service.preprocessing.ink import draw_ink, split_contrast


def test_ramp() -> None:
    """Grain is paper, strong contrast is full ink, and the rim lies between."""
    contrast = np.zeros((40, 40), np.uint8)
    contrast[10:20, 10:20] = 100
    contrast[9, 10:20] = 50
    contrast[30] = 16

    ink, full = draw_ink(contrast, 12)

    assert full == 100
    assert (ink[15, 15], ink[30, 0]) == (255, 0)
    assert 64 < ink[9, 15] < 255


def test_tiny_ramp() -> None:
    """Of a tiny picture every grey is kept, in proportion to full ink."""
    contrast = np.zeros((8, 8), np.uint8)
    contrast[:6, 3] = 200
    contrast[2, 4], contrast[3, 4] = 20, 180

    ink, full = draw_ink(contrast, 12)

    assert full == 200
    assert (ink[2, 4], ink[3, 4]) == (26, 230)


def test_dust_is_no_ink() -> None:
    """A single strong pixel of ten thousand is dust."""
    contrast = np.zeros((100, 100), np.uint8)
    contrast[5, 5] = 200

    ink, full = draw_ink(contrast, 12)

    assert (full, ink.max()) == (0, 0)


def test_split_parts_pen_from_shadow() -> None:
    """The floor rises above a shadow of 30 and stays below the pen's 120; marks alike are not split."""
    contrast = np.zeros((40, 40), np.uint8)
    contrast[:, :10] = 30
    alike = contrast.copy()
    alike[:, 10:20] = 34
    contrast[10:20, 20:24] = 120

    floor = split_contrast(contrast, 12)

    assert floor is not None
    assert 30 <= floor < 120
    assert split_contrast(alike, 12) is None
    assert split_contrast(contrast * 0, 12) is None
