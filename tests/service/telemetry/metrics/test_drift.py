"""Drift of digits and answers."""

import numpy as np
import pytest

from service.settings import Settings
from service.telemetry.metrics.drift import (
    MEMORY,
    Distribution,
    measure_strokes,
    remember,
    stability_index,
)
from service.telemetry.metrics.layout import NUM_CELLS

DIGITS = np.load(Settings().models_dir / "digits/1/assets.extra/validation.npz")
IMAGES, LABELS = DIGITS["images"], DIGITS["labels"]
SURE = np.eye(10, dtype=np.float32)[LABELS] * np.float32(0.9999)
REFERENCE = Distribution.of_answers(IMAGES, SURE)


def _remember(images: np.ndarray) -> Distribution:
    """Remember digits one by one, with answers as sure as the reference's."""
    cells = np.zeros(NUM_CELLS)
    for image, label in zip(images, LABELS, strict=True):
        remember(cells, image, (0.9999, int(label)))
    return Distribution.of_cells(cells)


class TestMeasureStrokes:
    """`measure_strokes`."""

    def test_bar(self) -> None:
        """A bar of 4x20 pixels has its share of ink, and nearly its width."""
        digit = np.zeros((1, 28, 28), np.uint8)
        digit[0, 4:24, 12:16] = 255

        density, width = measure_strokes(digit)

        assert density[0] == pytest.approx(80 / 784)
        assert width[0] == pytest.approx(160 / 48)


class TestStabilityIndex:
    """`stability_index`."""

    def test_same_digits(self) -> None:
        """The reference's own digits are alike."""
        assert (stability_index(_remember(IMAGES), REFERENCE) < 0.1).all()

    def test_bold_digits(self) -> None:
        """Digits of bolder strokes drift in ink and stroke width, and in nothing else."""
        bold = np.maximum(IMAGES, np.roll(IMAGES, 1, axis=2))

        index = stability_index(_remember(bold), REFERENCE)

        assert (index[:2] > 0.25).all()
        assert (index[2:] < 0.1).all()

    def test_earlier_answers_fade(self) -> None:
        """The weight of all that was ever seen stays below the memory."""
        recent = _remember(IMAGES)

        assert recent.weight == pytest.approx(MEMORY * (1 - (1 - 1 / MEMORY) ** len(IMAGES)))
