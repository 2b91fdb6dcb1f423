"""Tests of the rendered uploads that a recipe takes."""

import numpy as np
import pytest

from tests.training.uploads_material import FED
from training.corpus import NOT_A_DIGIT
from training.data import Mnist, split
from training.upload_sets import training_uploads, validation_uploads

pytestmark = [pytest.mark.tensorflow, pytest.mark.usefixtures("small_uploads")]


def test_training_uploads_are_as_many_as_the_diet_says(few_digits: Mnist) -> None:
    """Forty digits and twenty pictures that are none."""
    assert FED.diet
    training, _ = split(few_digits)

    labels = training_uploads(FED.diet, training).labels

    assert [int((labels != NOT_A_DIGIT).sum()), len(labels)] == [40, 60]


def test_validation_uploads_are_others(few_digits: Mnist) -> None:
    """Of a seed of their own, so that they differ even where the digits are the same."""
    assert FED.diet
    digits, _ = split(few_digits)

    uploads = validation_uploads(digits)

    assert [int((uploads.labels != NOT_A_DIGIT).sum()), len(uploads.labels)] == [40, 60]
    assert not np.array_equal(uploads.images, training_uploads(FED.diet, digits).images)
