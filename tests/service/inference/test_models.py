"""Which models there are."""

import logging
from pathlib import Path

import pytest

from service.bundle import LITERT_PROGRAM, VALIDATION_SET
from service.errors import (
    BundleError,
    EngineUnavailableError,
    UnknownModelError,
    UnknownVersionError,
)
from service.inference.models import Models
from service.inference.recognition import Model
from service.settings import Settings
from tests.bundles import copy_bundle, seal
from tests.service.in_process import FakeEngine, load_model


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
