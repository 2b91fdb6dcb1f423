"""From a canonical digit to an answer, and which models there are."""

import numpy as np
import pytest

from service.errors import BundleError, UnknownModelError
from service.preprocessing import UploadLimits, preprocess
from service.recognition import Model, Models
from service.settings import Settings
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, load_model

SEEN = preprocess(encode(draw()), UploadLimits())


@pytest.fixture
def engine() -> FakeEngine:
    """An engine that a test may turn."""
    return FakeEngine()


@pytest.fixture
def model(engine: FakeEngine) -> Model:
    """The embedded bundle on the fake engine."""
    return load_model(engine)


class TestModel:
    """`Model`."""

    @pytest.mark.parametrize(
        ("offset", "status"), [(1e-3, "ok"), (-1e-3, "uncertain")], ids=["above", "below"]
    )
    def test_uncertain(self, engine: FakeEngine, model: Model, offset: float, status: str) -> None:
        """Above the bundle's threshold an answer is certain, below it not."""
        confidence = model.bundle.manifest.decision.uncertain_below + offset
        engine.probabilities = _say_seven(confidence)

        assert model.predict(SEEN).status == status

    def test_not_a_digit(self, engine: FakeEngine, model: Model) -> None:
        """Below the lower threshold nothing fits."""
        engine.probabilities = _say_seven(model.bundle.manifest.decision.not_a_digit_below - 1e-3)

        prediction = model.predict(SEEN)

        assert prediction.status == "not_a_digit"
        assert prediction.seen is SEEN

    def test_probabilities_sum_to_one(self, engine: FakeEngine, model: Model) -> None:
        """Rounding of the engine does not reach the client."""
        engine.probabilities = _say_seven(0.9) * np.float32(1.0004)

        assert model.predict(SEEN).probabilities.sum() == pytest.approx(1, abs=1e-12)

    @pytest.mark.parametrize("value", [np.nan, np.inf, 0.2, 0.0], ids=str)
    def test_no_probabilities(self, engine: FakeEngine, value: float) -> None:
        """A bundle that computes anything else is not served."""
        engine.probabilities = np.full(10, value, np.float32)

        with pytest.raises(BundleError, match="digits computes no probabilities"):
            load_model(engine)


class TestModels:
    """`Models`."""

    def test_default_is_missing(self) -> None:
        """A default that is not among the bundles is refused at start-up."""
        with pytest.raises(BundleError, match="'cats' is not among the bundles found: digits, te"):
            Models.load(Settings().models_dir, default="cats", engine="litert")

    def test_find(self, model: Model) -> None:
        """No name means the default; an unknown one is an error that names those served."""
        models = Models({"digits": model}, "digits")

        assert models.find(None) is models.find("digits") is model
        with pytest.raises(UnknownModelError, match="Served are: digits"):
            models.find("cats")


def _say_seven(confidence: float) -> "np.typing.NDArray[np.float32]":
    """Spread what is left over the other digits."""
    probabilities = np.full(10, (1 - confidence) / 9, np.float32)
    probabilities[7] = confidence
    return probabilities
