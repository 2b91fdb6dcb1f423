"""From a canonical digit to an answer."""

import gc
import threading
import weakref
from dataclasses import replace

import numpy as np
import pytest

from service.errors import (
    BundleError,
)
from service.inference.recognition import Model, novelty
from service.manifest import Decision
from service.preprocessing import UploadLimits, preprocess
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, load_model

SEEN = preprocess(encode(draw()), UploadLimits())


class TestNovelty:
    """`novelty`."""

    @pytest.mark.parametrize(
        ("probabilities", "expected"),
        [
            (np.full(10, 0.1), 1.0),
            (np.eye(10)[7], 0.0),
            (0.6 * np.eye(10)[7] + 0.04, 0.4),
        ],
        ids=["no digit", "a seven", "four tenths shared"],
    )
    def test_is_what_the_ten_share(
        self, probabilities: "np.typing.NDArray[np.float64]", expected: float
    ) -> None:
        """Ten times the least probability."""
        assert novelty(probabilities[np.newaxis])[0] == pytest.approx(expected)


class TestModel:
    """`Model`."""

    def test_goes_without_references(self) -> None:
        """Nothing keeps a model that nobody asks any more, nor the thread of its batcher."""
        before = set(threading.enumerate())
        model = load_model(FakeEngine())
        model.batcher.warm_up()
        [thread] = [each for each in threading.enumerate() if each not in before]
        gone = weakref.ref(model)

        del model
        gc.collect()
        thread.join(10)

        assert gone() is None
        assert not thread.is_alive()

    @pytest.mark.parametrize(
        ("offset", "status"), [(1e-3, "ok"), (-1e-3, "uncertain")], ids=["above", "below"]
    )
    def test_uncertain(self, engine: FakeEngine, model: Model, offset: float, status: str) -> None:
        """Above the bundle's threshold an answer is certain, below it not."""
        confidence = model.bundle.manifest.decision.uncertain_below + offset
        engine.probabilities = _say_seven(confidence)

        assert model.predict(SEEN).status == status

    def test_says_what_it_saw(self, engine: FakeEngine, model: Model) -> None:
        """The canonical digit goes with the answer."""
        engine.probabilities = _say_seven(0.9)

        assert model.predict(SEEN).seen is SEEN

    @pytest.mark.parametrize(
        ("top", "shared", "status"),
        [
            (0.95, 0.0, "ok"),
            (0.65, 0.0, "uncertain"),
            (0.25, 0.0, "not_a_digit"),
            (0.75, 0.19, "ok"),
            (0.65, 0.19, "uncertain"),
            (0.75, 0.21, "not_a_digit"),
        ],
    )
    def test_judge(self, model: Model, top: float, shared: float, status: str) -> None:
        """The thresholds 0.7 and 0.3 of the top probability, and 0.2 of what the ten share."""
        decision = Decision(uncertain_below=0.7, not_a_digit_below=0.3, novel_above=0.2)
        manifest = model.bundle.manifest.model_copy(update={"decision": decision})
        model.bundle = replace(model.bundle, manifest=manifest)
        probabilities = np.full(10, shared / 10)
        probabilities[7] = top
        probabilities[:4] += (1 - probabilities.sum()) / 4

        assert model.judge(probabilities.tolist()) == status

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


def _say_seven(confidence: float) -> "np.typing.NDArray[np.float32]":
    """Spread what is left over the other digits."""
    probabilities = np.full(10, (1 - confidence) / 9, np.float32)
    probabilities[7] = confidence
    return probabilities
