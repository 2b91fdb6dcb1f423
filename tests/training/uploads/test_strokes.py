"""Drawn digits: every style is itself, and what it must not be taken for, it is not."""

import numpy as np
import pytest

from training.uploads.ink import trace
from training.uploads.strokes import draw_digit, draw_strokes
from training.uploads.styles import STYLES, flagged_one, seven


class TestDrawDigit:
    """`draw_digit`."""

    @pytest.mark.parametrize("label", range(10))
    def test_form(self, label: int) -> None:
        """A digit is ink on an empty margin."""
        ink = draw_digit(label, np.random.default_rng(label))

        assert ink.dtype == np.uint8
        assert ink.shape == (168, 168)
        assert ink.max() == 255
        assert not ink[0].any()
        assert not ink[:, -1].any()

    def test_labels_differ(self) -> None:
        """The means of many drawings of two labels are not alike."""
        rng = np.random.default_rng(0)
        means = np.stack(
            [np.mean([draw_digit(label, rng) for _ in range(20)], axis=0) for label in range(10)]
        ).reshape(10, -1)

        alike = np.corrcoef(means)

        assert np.all(alike[~np.eye(10, dtype=bool)] < 0.9)

    def test_reproducible(self) -> None:
        """The same seed draws the same digit."""
        first, again = (draw_digit(4, np.random.default_rng(8)) for _ in range(2))

        assert np.array_equal(first, again)


@pytest.mark.parametrize(
    ("label", "name"), [(label, style.name) for label in STYLES for style in STYLES[label]]
)
def test_styles(label: int, name: str) -> None:
    """Every style draws strokes that the ink can follow."""
    rng = np.random.default_rng(0)
    style = next(style for style in STYLES[label] if style.name == name)

    field = trace(draw_strokes(style.draw(rng), rng), follow_line=True)

    assert (field > -1.5).sum() > 60


def test_one_is_no_seven() -> None:
    """The flag of a 1 always falls more steeply than the bar of a 7."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        (flag, peak), (start, end) = flagged_one(rng)[0][:2], seven(rng)[0][:2]

        assert (flag[1] - peak[1]) / (peak[0] - flag[0]) > 0.5
        assert abs(start[1] - end[1]) / (end[0] - start[0]) < 0.1
