"""Fonts: digits are digits, and a machine without fonts is told so."""

from pathlib import Path

import numpy as np
import pytest

from training.uploads import fonts
from training.uploads.fonts import NoFontsError, find_fonts, fonts_with, print_digit


def test_print_digit() -> None:
    """A printed digit is ink; the same seed prints the same."""
    digit, again = (print_digit(5, np.random.default_rng(1)) for _ in range(2))

    assert digit.dtype == np.uint8
    assert digit.max() == 255
    assert digit.shape[0] > 40
    assert np.array_equal(digit, again)


def test_characters() -> None:
    """A font is found for Latin letters, none for a character that no font has."""
    assert fonts_with("abc")
    assert not fonts_with("\ufffe")


def test_no_fonts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without fonts the error says what to install."""
    monkeypatch.setattr(fonts, "_folders", lambda: [tmp_path])
    find_fonts.cache_clear()
    try:
        with pytest.raises(NoFontsError, match="fonts-dejavu"):
            find_fonts()
    finally:
        find_fonts.cache_clear()
