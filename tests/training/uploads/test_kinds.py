"""Kinds of uploads: every one renders, the same for the same seed, with ink that can be seen."""

import numpy as np
import numpy.typing as npt
import pytest

from training.uploads import DIGIT_KINDS, draw_digit, render_digit, stage_digit
from training.uploads.scene import Scene

SEEDS = (0, 1, 2)
SMALLEST_SIDE, LARGEST_SIDE = 8, 420  # pixels


def _digit(seed: int) -> npt.NDArray[np.uint8]:
    """Draw a digit to be rendered."""
    return draw_digit(seed % 10, np.random.default_rng(seed))


def _brightness(scene: Scene) -> npt.NDArray[np.float32]:
    """Return what a person sees, over white or black where the picture is transparent."""
    if scene.picture.ndim == 2:
        return scene.picture
    grey = scene.picture[..., :3].mean(axis=2)
    if scene.picture.shape[2] == 4:
        opacity = scene.picture[..., 3] / 255
        ground = 255 if grey[opacity > 0.5].mean() < 128 else 0
        grey = grey * opacity + ground * (1 - opacity)
    return np.asarray(grey, np.float32)


@pytest.mark.parametrize("kind", DIGIT_KINDS)
@pytest.mark.parametrize("seed", SEEDS)
class TestRenderDigit:
    """`render_digit`, for every kind."""

    def test_form(self, kind: str, seed: int) -> None:
        """A picture is uint8, grey or in colour, and neither tiny nor huge."""
        picture = render_digit(kind, _digit(seed), np.random.default_rng(seed))

        assert picture.dtype == np.uint8
        assert picture.ndim == 2 or picture.shape[2] in (3, 4)
        assert min(picture.shape[:2]) >= SMALLEST_SIDE
        assert max(picture.shape[:2]) <= LARGEST_SIDE

    def test_reproducible(self, kind: str, seed: int) -> None:
        """The same digit and seed give the same picture, another seed another one."""
        digit = _digit(seed)

        picture = render_digit(kind, digit, np.random.default_rng(seed))

        again = render_digit(kind, digit, np.random.default_rng(seed))
        other = render_digit(kind, digit, np.random.default_rng(seed + 100))
        assert np.array_equal(picture, again)
        assert not np.array_equal(picture, other)

    def test_ink_is_visible(self, kind: str, seed: int) -> None:
        """Ink differs from what is around it, on average, by more than the eye needs."""
        scene = stage_digit(kind, _digit(seed), np.random.default_rng(seed))

        brightness = _brightness(scene)
        inked, bare = scene.ink > 0.7 * scene.ink.max(), scene.ink < 0.02
        assert inked.sum() >= 3
        assert abs(brightness[inked].mean() - np.median(brightness[bare])) > 10


def test_alpha_channel() -> None:
    """Only the transparent kind has an alpha channel."""
    with_alpha = [
        kind
        for kind in DIGIT_KINDS
        if render_digit(kind, _digit(3), np.random.default_rng(3)).shape[2:] == (4,)
    ]

    assert with_alpha == ["transparent-png"]
