"""Uploads without a digit: every kind renders, the same for the same seed."""

import numpy as np
import pytest

from training.uploads import OTHER_KINDS, render_other, stage_other
from training.uploads.marks import FOREIGN, MARKS, number
from training.uploads.other_scenes import SCENES

SEEDS = (0, 1, 2)


@pytest.mark.parametrize("kind", OTHER_KINDS)
@pytest.mark.parametrize("seed", SEEDS)
class TestRenderOther:
    """`render_other`, for every kind."""

    def test_form(self, kind: str, seed: int) -> None:
        """A picture is uint8, grey or in colour, and neither tiny nor huge."""
        picture = render_other(kind, None, np.random.default_rng(seed))

        assert picture.dtype == np.uint8
        assert picture.ndim == 2 or picture.shape[2] in (3, 4)
        assert min(picture.shape[:2]) >= 24
        assert max(picture.shape[:2]) <= 420

    def test_reproducible(self, kind: str, seed: int) -> None:
        """The same seed gives the same picture."""
        picture, again = (render_other(kind, None, np.random.default_rng(seed)) for _ in range(2))

        assert np.array_equal(picture, again)

    def test_mark(self, kind: str, seed: int) -> None:
        """Marks leave ink, scenes of their own leave none."""
        scene = stage_other(kind, None, np.random.default_rng(seed))

        assert (scene.ink.max() > 0.3) == (kind not in SCENES)


@pytest.mark.parametrize("kind", [kind for kind in OTHER_KINDS if kind != "blank-paper"])
def test_not_blank(kind: str) -> None:
    """Only blank paper is blank."""
    pictures = [render_other(kind, None, np.random.default_rng(seed)) for seed in range(4)]

    assert all(picture.std() > 1 for picture in pictures)


class TestNumber:
    """`number`."""

    def test_from_digits(self) -> None:
        """Digits that are given are put side by side."""
        digit = np.zeros((1, 28, 28), np.uint8)
        digit[0, 4:24, 8:18] = 255

        row = number(digit, np.random.default_rng(0))

        columns = row.max(axis=0) > 128
        parts = int((np.diff(columns.astype(int)) == 1).sum())
        assert row.shape[0] == 100
        assert parts >= 2

    def test_drawn(self) -> None:
        """Without digits they are drawn."""
        assert number(None, np.random.default_rng(0)).max() == 255


@pytest.mark.parametrize("name", MARKS)
def test_marks(name: str) -> None:
    """A mark is ink of a size that a pen can follow."""
    mark = MARKS[name](np.random.default_rng(0))

    assert mark.dtype == np.uint8
    assert mark.max() > 128


def test_no_digits_among_the_foreign() -> None:
    """No script's digits include 0 to 9."""
    assert not set("0123456789") & set("".join(FOREIGN))
