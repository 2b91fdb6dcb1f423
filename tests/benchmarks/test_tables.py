"""Figures as a page writes them."""

import pytest

from benchmarks.tables import digits, percent, ratios, spread


def test_ratio_takes_rounds_that_both_have() -> None:
    """Figures of the same round are divided; a round that one of them lacks is left out."""
    assert ratios({0: 100.0, 1: 200.0}, {0: 50.0, 1: 300.0, 2: 1.0}) == [0.5, 1.5]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], "-"),
        ([0.5], "0.50"),
        ([1200.0, 900.0, 1000.0], "1,000 (900 to 1,200)"),
        ([0.0131], "0.013"),
        ([12.34], "12.3"),
    ],
)
def test_spread(values: list[float], expected: str) -> None:
    """The median comes first, and the least and the largest follow in brackets."""
    assert spread(values) == expected


@pytest.mark.parametrize(("share", "expected"), [(1, "100%"), (0.9996, "99.9%"), (0.5, "50%")])
def test_percent_is_rounded_down(share: float, expected: str) -> None:
    """Nearly all are not all."""
    assert percent(share) == expected


def test_digits_of_nothing() -> None:
    """Zero has a form of its own."""
    assert digits(0.0) == "0"
