"""From a canonical digit to an answer, and which models there are."""

import gc
import logging
import threading
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from service.bundle import LITERT_PROGRAM, VALIDATION_SET, Decision
from service.errors import (
    BundleError,
    EngineUnavailableError,
    UnknownModelError,
    UnknownVersionError,
)
from service.preprocessing import UploadLimits, preprocess
from service.recognition import Model, Models, novelty
from service.settings import Settings
from tests.bundles import copy_bundle, seal
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

        assert model.judge(probabilities) == status

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

    def test_newest_valid_version(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        """Versions that must not be served are passed over, and each has its line in the log."""
        for version in ("1", "2", "10", "11"):
            copy_bundle(tmp_path, version=version)
        (tmp_path / "digits/10/saved_model.pb").unlink()
        seal(tmp_path / "digits/11", preprocessing_version="0")

        with caplog.at_level(logging.ERROR, logger="digitserve"):
            models = Models.load(tmp_path, default="digits", engine="litert")

        assert models.find(None).bundle.manifest.version == "2"
        newest, older = caplog.messages
        assert newest.startswith("The bundle digits/11 was made for preprocessing version 0")
        assert older.startswith("The bundle digits/10 lacks saved_model.pb")
        assert older.endswith("Version 2 is served instead.")

    @pytest.mark.parametrize("file", [LITERT_PROGRAM, VALIDATION_SET])
    def test_version_that_is_no_network(self, tmp_path: Path, file: str) -> None:
        """What is no network, or has no digits to test it with, is passed over though its hash is right."""
        copy_bundle(tmp_path)
        damaged = copy_bundle(tmp_path, version="2")
        (damaged / file).write_bytes(b"damaged")
        seal(damaged)

        models = Models.load(tmp_path, default="digits", engine="litert")

        assert models.find(None).bundle.manifest.version == "1"

    def test_no_valid_version(self, tmp_path: Path) -> None:
        """Where no version may be served, the error has the reason of each."""
        for version in ("1", "2"):
            (copy_bundle(tmp_path, version=version) / "saved_model.pb").unlink()

        with pytest.raises(BundleError, match=r"digits/2 lacks .* The bundle digits/1 lacks "):
            Models.load(tmp_path, default="digits", engine="litert")

    def test_other_model_is_damaged(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        """A model that cannot be served keeps none but itself from being served."""
        copy_bundle(tmp_path)
        (copy_bundle(tmp_path, name="textbook") / "saved_model.pb").unlink()

        with caplog.at_level(logging.ERROR, logger="digitserve"):
            models = Models.load(tmp_path, default="digits", engine="litert")

        assert list(models.by_name) == ["digits"]
        [line] = caplog.messages
        assert line.startswith("The bundle textbook/1 lacks saved_model.pb")
        assert line.endswith("The model textbook is not served.")

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

    def test_find_version(self, model: Model) -> None:
        """The version that is served and those beside it are found; of another the error names them."""
        older = load_model(FakeEngine())
        models = Models({"digits": model}, "digits", pinned={("digits", "0"): older})

        assert models.find(None, "1") is models.find("digits", "1") is model
        assert models.find(None, "0") is models.find("digits", "0") is older
        with pytest.raises(UnknownVersionError, match=r"'7' of digits is not loaded.*are: 1, 0"):
            models.find("digits", "7")

    def test_gpu_is_required(self, engine: FakeEngine, model: Model) -> None:
        """A model that runs on a GPU will do; one that does not is refused with what to do."""
        models = Models({"digits": model}, "digits")

        engine.device = "gpu:0"
        models.require_gpu()
        engine.device = "cpu"
        with pytest.raises(EngineUnavailableError, match=r"digits runs on the cpu .*REQUIRE_GPU=0"):
            models.require_gpu()


def _say_seven(confidence: float) -> "np.typing.NDArray[np.float32]":
    """Spread what is left over the other digits."""
    probabilities = np.full(10, (1 - confidence) / 9, np.float32)
    probabilities[7] = confidence
    return probabilities
