"""Runs and connected parts, against vectors worked out by hand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from service.preprocessing.geometry import Mask
from service.preprocessing.runs import find_runs, join_runs

MASKS = arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def _numbered(mask: Mask) -> list[list[int]]:
    """Return the number of each pixel's part, from 1."""
    runs = find_runs(mask)
    numbers = join_runs(runs)
    parts = range(int(numbers.max(initial=-1)) + 1)
    numbered = np.zeros(mask.shape, int)
    for part in parts:
        numbered[runs.painted(numbers == part)] = part + 1
    rows: list[list[int]] = numbered.tolist()
    return rows


def test_arms_join_at_the_bottom() -> None:
    """Arms that meet only at the bottom are one part; a diagonal touch joins too."""
    mask = np.array([[1, 0, 1, 0, 0], [1, 0, 1, 0, 0], [1, 1, 1, 0, 1], [0, 0, 0, 1, 0]], bool)

    assert _numbered(mask) == mask.astype(int).tolist()


def test_parts_are_numbered_in_reading_order() -> None:
    """Parts with a gap get different numbers, the upper left one first; a row ends a run."""
    mask = np.array([[0, 0, 1], [1, 0, 0], [1, 0, 1]], bool)

    assert _numbered(mask) == [[0, 0, 1], [2, 0, 0], [2, 0, 3]]


@given(MASKS)
def test_runs_paint_the_mask(mask: Mask) -> None:
    """All runs together are the mask, and no run is empty."""
    runs = find_runs(mask)

    assert (runs.painted(np.ones(len(runs.rows), bool)) == mask).all()
    assert (runs.lengths > 0).all()


@given(MASKS)
def test_neighbours_agree(mask: Mask) -> None:
    """Neighbours in the mask share a number."""
    numbers = np.array(_numbered(mask)).reshape(mask.shape)

    neighbours = (
        (numbers[1:], numbers[:-1]),
        (numbers[:, 1:], numbers[:, :-1]),
        (numbers[1:, 1:], numbers[:-1, :-1]),
        (numbers[1:, :-1], numbers[:-1, 1:]),
    )
    for first, second in neighbours:
        both = (first > 0) & (second > 0)
        assert (first[both] == second[both]).all()
