"""Tests of the variations of digits."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from training.augmentation import CORRUPTIONS, AugmentationPlan, augment
from training.data import Mnist

pytestmark = pytest.mark.tensorflow  # which the module of the digits imports

Corrupt = Callable[[npt.NDArray[np.uint8], np.random.Generator], npt.NDArray[np.uint8]]
STILL = AugmentationPlan(rotation=0, shear=0, zoom=0, shift=0, elastic=0, stroke=0, corrupted=0)


@pytest.fixture
def images(few_digits: Mnist) -> npt.NDArray[np.uint8]:
    """Twenty digits."""
    return few_digits.train_images[:20].copy()


class TestAugment:
    """Of `augment`."""

    def test_follows_from_the_seed(self, images: npt.NDArray[np.uint8]) -> None:
        """The same seed gives the same pictures, another seed others."""
        one, again, other = (
            augment(images, AugmentationPlan(), np.random.default_rng(seed)) for seed in (1, 1, 2)
        )

        assert np.array_equal(one, again)
        assert not np.array_equal(one, other)

    def test_leaves_the_digits_as_they_are(self, images: npt.NDArray[np.uint8]) -> None:
        """What it gives is new, and of the same form."""
        before = images.copy()

        varied = augment(images, AugmentationPlan(corrupted=1), np.random.default_rng(1))

        assert np.array_equal(images, before)
        assert (varied.shape, varied.dtype) == (images.shape, images.dtype)

    def test_without_strength_nothing_changes(self, images: npt.NDArray[np.uint8]) -> None:
        """A plan of zeros gives the digits back."""
        assert np.array_equal(augment(images, STILL, np.random.default_rng(1)), images)

    @pytest.mark.parametrize(
        "strength",
        [
            {"rotation": 7.0},
            {"shear": 0.1},
            {"zoom": 0.07},
            {"shift": 1.4},
            {"elastic": 1.1},
            {"stroke": 0.6},
            {"corrupted": 1.0},
        ],
        ids=lambda strength: next(iter(strength)),
    )
    def test_every_strength_varies(
        self, strength: dict[str, float], images: npt.NDArray[np.uint8]
    ) -> None:
        """Each alone changes digits."""
        plan = AugmentationPlan(**{**vars(STILL), **strength})

        assert not np.array_equal(augment(images, plan, np.random.default_rng(1)), images)

    def test_shifts_by_no_more_than_the_plan_says(self, images: npt.NDArray[np.uint8]) -> None:
        """The centre of mass moves by up to two pixels along each axis, and some by over one."""
        plan = AugmentationPlan(**{**vars(STILL), "shift": 2.0})

        varied = augment(images, plan, np.random.default_rng(1))

        moved = np.abs(_centres(varied) - _centres(images))
        assert 1 < moved.max() < 2.1

    def test_corrupts_the_share_that_the_plan_says(self, images: npt.NDArray[np.uint8]) -> None:
        """About a quarter of 400 digits, and the others not at all."""
        many = np.tile(images, (20, 1, 1))
        plan = AugmentationPlan(**{**vars(STILL), "corrupted": 0.25})

        changed = (augment(many, plan, np.random.default_rng(1)) != many).any(axis=(1, 2))

        assert 0.18 < changed.mean() < 0.32

    def test_stroke_weight_goes_both_ways(self, images: npt.NDArray[np.uint8]) -> None:
        """Some strokes get more ink, some less."""
        plan = AugmentationPlan(**{**vars(STILL), "stroke": 0.6})

        varied = augment(images, plan, np.random.default_rng(1))

        gained = varied.sum(axis=(1, 2), dtype=int) - images.sum(axis=(1, 2), dtype=int)
        assert gained.min() < 0 < gained.max()


class TestCorruptions:
    """Of `CORRUPTIONS`."""

    @pytest.mark.parametrize("corrupt", CORRUPTIONS, ids=lambda corrupt: corrupt.__name__)
    def test_changes_the_picture(self, corrupt: Corrupt, images: npt.NDArray[np.uint8]) -> None:
        """Into another of the same form; the given one stays."""
        before = images.copy()
        rng = np.random.default_rng(1)

        corrupted = [corrupt(image, rng) for image in images]

        assert np.array_equal(images, before)
        assert {(picture.shape, picture.dtype) for picture in corrupted} == {
            ((28, 28), np.dtype("uint8"))
        }
        assert not np.array_equal(corrupted, images)


def _centres(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return the centres of mass, [N, 2]."""
    rows, columns = np.mgrid[:28, :28]
    total = images.sum(axis=(1, 2))
    return np.stack(
        [(images * places).sum(axis=(1, 2)) / total for places in (rows, columns)], axis=1
    )
