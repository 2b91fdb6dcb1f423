"""Tests of the corruptions after MNIST-C, on a digit drawn by hand."""

import numpy as np
import pytest

from training.corruptions import CORRUPTIONS, SIDE, corrupt

ONE = np.zeros((SIDE, SIDE), np.uint8)
ONE[4:24, 12:16] = 255


def rng(seed: int = 1) -> np.random.Generator:
    """A generator."""
    return np.random.default_rng(seed)


class TestCorrupt:
    """Of `corrupt`."""

    @pytest.mark.parametrize("name", CORRUPTIONS)
    def test_changes_the_picture_and_keeps_its_form(self, name: str) -> None:
        """Another uint8 [28, 28] comes back, and the digit given stays as it was."""
        before = ONE.copy()

        spoilt = corrupt(name, ONE, rng())

        assert spoilt.shape == (SIDE, SIDE)
        assert spoilt.dtype == np.uint8
        assert np.array_equal(ONE, before)
        assert not np.array_equal(spoilt, ONE)

    @pytest.mark.parametrize("name", CORRUPTIONS)
    def test_follows_from_the_generator(self, name: str) -> None:
        """The same state gives the same picture."""
        assert np.array_equal(corrupt(name, ONE, rng()), corrupt(name, ONE, rng()))

    @pytest.mark.parametrize(
        ("name", "place", "grey"),
        [
            ("stripe", (0, 6), 255),
            ("stripe", (0, 7), 0),
            ("stripe", (0, 21), 255),
            ("brightness", (0, 0), 128),
            ("brightness", (13, 13), 255),
            ("scale", (6, 13), 0),
            ("scale", (8, 13), 255),
            ("canny edges", (13, 13), 0),
        ],
    )
    def test_is_what_it_is_called(self, name: str, place: tuple[int, int], grey: int) -> None:
        """Single pixels of those that draw nothing, by hand."""
        assert corrupt(name, ONE, rng())[place] == grey

    def test_translates_by_three_pixels_both_ways(self) -> None:
        """The bar's edges lie three rows and columns off, and no ink is lost."""
        moved = corrupt("translate", ONE, rng())

        rows, columns = np.nonzero(moved)
        assert (abs(rows.min() - 4), abs(columns.min() - 12)) == (3, 3)
        assert moved.sum() == ONE.sum()

    def test_impulses_hit_a_sixth_of_the_pixels(self) -> None:
        """0.17 of them, half of which turn black paper white."""
        share = np.mean(corrupt("impulse noise", np.zeros_like(ONE), rng()) == 255)

        assert share == pytest.approx(0.085, abs=0.03)

    @pytest.mark.parametrize(("name", "columns"), [("dotted line", 14), ("zigzag", 21)])
    def test_lines_add_ink(self, name: str, columns: int) -> None:
        """In each of its columns as much as 1.45 full pixels hold, on blank paper."""
        line = corrupt(name, np.zeros_like(ONE), rng())

        assert line.sum() / 255 == pytest.approx(1.45 * columns, rel=0.1)

    def test_mud_covers_paper_and_ink_alike(self) -> None:
        """Where there is any, it hides four fifths of what is below, and more."""
        on_ink, on_paper = (corrupt("spatter", np.full_like(ONE, grey), rng()) for grey in (255, 0))

        covered = on_paper > 0
        assert covered.any()
        assert on_paper[covered].min() >= 50
        assert on_ink[covered].max() <= 102
