"""Both engines compute the same function."""

from pathlib import Path

import numpy as np
import pytest

from service.bundle import Bundle
from service.engines import create_engine
from service.preprocessing import PREPROCESSING_VERSION

BUNDLE = Path(__file__).parents[2] / "models/digits/1"


@pytest.mark.tensorflow
def test_parity() -> None:
    """LiteRT and TensorFlow agree to 1e-4 on all 10,000 evaluation digits."""
    bundle = Bundle.read(BUNDLE, preprocessing_version=PREPROCESSING_VERSION)
    images = bundle.evaluation_set().images

    litert = create_engine("litert", bundle).predict(images)
    tensorflow = create_engine("tensorflow", bundle).predict(images)

    assert litert.shape == tensorflow.shape == (10_000, 10)
    assert np.abs(litert - tensorflow).max() < 1e-4


def test_results_are_copies() -> None:
    """A later call does not change an earlier result."""
    bundle = Bundle.read(BUNDLE, preprocessing_version=PREPROCESSING_VERSION)
    engine = create_engine("litert", bundle)
    images = bundle.validation_set().images
    first = engine.predict(images[:1])
    before = first.copy()

    engine.predict(images[1:2])

    assert (first == before).all()
