"""Otsu's threshold, of two groups and of three."""

import numpy as np
import pytest

from service.preprocessing.otsu import part_in_three, split_levels


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


def test_three_tones() -> None:
    """They are parted, to four levels, and nothing of the variance is left within the groups."""
    tones = part_in_three(_counts(20, 100, 100, 220))

    assert tones is not None
    low, high = tones.bounds
    assert 20 <= low < 100 <= high < 220
    assert (tones.shares, tones.means) == ((0.25, 0.5, 0.25), (20, 100, 220))
    assert tones.separability == pytest.approx(1)
    assert tones.least_gap == 80


def test_shares_of_pixels() -> None:
    """The pixels of each group are counted, up to and with its highest level."""
    tones = part_in_three(_counts(20, 100, 100, 220))

    assert tones is not None
    pixels = np.array([0, tones.bounds[0], tones.bounds[1], 255, 255], np.uint8)
    assert tones.shares_of(pixels) == pytest.approx((0.4, 0.2, 0.4))


@pytest.mark.parametrize("levels", [[7], [7, 200, 200]])
def test_fewer_than_three_tones(levels: list[int]) -> None:
    """One level or two cannot be parted in three."""
    assert part_in_three(_counts(*levels)) is None
