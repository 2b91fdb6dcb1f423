"""Otsu's threshold."""

import numpy as np
import pytest

from service.preprocessing.otsu import split_levels


def _counts(*levels: int) -> np.typing.NDArray[np.intp]:
    """Count levels."""
    return np.bincount(levels, minlength=256)


def test_two_levels() -> None:
    """They are parted below the upper one, and nothing of the variance is left within the groups."""
    split = split_levels(_counts(10, 10, 10, 200))

    assert split is not None
    assert 10 <= split.level < 200
    assert (split.low, split.high) == (10, 200)
    assert split.separability == pytest.approx(1)


def test_spread() -> None:
    """Of two groups that spread, a part of the variance lies within."""
    split = split_levels(_counts(0, 10, 20, 200, 210, 220))

    assert split is not None
    assert 20 <= split.level < 200
    assert (split.low, split.high) == (10, 210)
    assert split.separability == pytest.approx(10_000 / (10_000 + 200 / 3))


@pytest.mark.parametrize("levels", [[], [7, 7]])
def test_one_level(levels: list[int]) -> None:
    """One level, or none, cannot be parted."""
    assert split_levels(_counts(*levels)) is None
