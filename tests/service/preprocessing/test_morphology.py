"""Dilation and closing, against the definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from service.preprocessing.decoding import Grey
from service.preprocessing.morphology import close, dilate

GREYS = arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)))


@given(GREYS, st.integers(0, 12))
def test_dilate_is_a_window_maximum(grey: Grey, reach: int) -> None:
    """Each pixel is the brightest of the square around it."""
    dilated = dilate(grey, reach)

    for (row, column), value in np.ndenumerate(dilated):
        window = grey[
            max(row - reach, 0) : row + reach + 1, max(column - reach, 0) : column + reach + 1
        ]
        assert value == window.max()


@pytest.mark.parametrize(("width", "is_filled"), [(4, True), (5, False)])
def test_close_fills_narrow_marks(width: int, is_filled: bool) -> None:
    """A dark mark of twice the reach is filled, a wider one stays."""
    grey = np.full((20, 20), 200, np.uint8)
    grey[:, 8 : 8 + width] = 50

    assert bool((close(grey, 2) == 200).all()) is is_filled
