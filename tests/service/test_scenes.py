"""Digits are found in the scenes that people post them in."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from service.bundle import Bundle
from service.preprocessing import PREPROCESSING_VERSION
from service.settings import Settings
from tests.pictures import encode
from tests.service.scenes import SCENES, Digit
from training.upload_benchmark import Recognise, recogniser

PER_SCENE = 20
FLOOR = 0.9  # of each scene's digits; what else there is in a scene may cover part of one


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """The network that is served by default."""
    path = Settings().models_dir / "digits/1"
    return Bundle.read(path, preprocessing_version=PREPROCESSING_VERSION)


@pytest.fixture(scope="module")
def recognise(bundle: Bundle) -> Recognise:
    """The service's own way from a file to its answer."""
    return recogniser(bundle)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_scene(scene: Callable[[Digit], Image.Image], bundle: Bundle, recognise: Recognise) -> None:
    """Nine of ten validation digits are read right."""
    digits = bundle.validation_set()

    right = [
        int(np.argmax(recognise(encode(scene(digit)))[0])) == label
        for digit, label in zip(digits.images[:PER_SCENE], digits.labels[:PER_SCENE], strict=True)
    ]

    assert np.mean(right) >= FLOOR
