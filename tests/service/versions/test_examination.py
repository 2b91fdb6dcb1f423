"""Bundles, examined by a process of its own."""

import os
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

from service.bundle import EVALUATION_SET, LITERT_PROGRAM, Bundle
from service.engines import EngineKind
from service.errors import BundleError
from service.preprocessing import PREPROCESSING_VERSION
from service.versions import examination
from service.versions.examination import Examiner, score_bundle
from service.versions.notice import Version
from tests.bundles import copy_bundle, keep_digits, seal


def die(_sender: Connection, _path: Path, _engine: EngineKind) -> None:
    """End as a process does whose network overruns its memory."""
    os.abort()


class TestExamine:
    """`Examiner.examine`."""

    def test_accuracy(self, tmp_path: Path) -> None:
        """It finds the accuracy on the bundle's own digits, whatever the manifest says."""
        path = copy_bundle(tmp_path, version="3")
        keep_digits(path, 20, label_offset=1)

        found = Examiner("litert").examine(path)

        bundle = Bundle.read(path, preprocessing_version=PREPROCESSING_VERSION)
        assert found == Version(name="digits", version="3", digest=bundle.digest, accuracy=0)

    def test_refused(self, tmp_path: Path) -> None:
        """What must not be served is refused, with the reason."""
        path = copy_bundle(tmp_path)
        (path / LITERT_PROGRAM).unlink()

        with pytest.raises(BundleError, match=r"digits/1 lacks assets\.extra/model\.tflite"):
            Examiner("litert").examine(path)

    def test_process_dies(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A network that ends its process is refused; this one goes on."""
        monkeypatch.setattr(examination, "_work", die)

        with pytest.raises(BundleError, match=r"digits/1 ended without a result"):
            Examiner("litert").examine(tmp_path / "digits/1")

    def test_takes_too_long(self, tmp_path: Path) -> None:
        """An examination has a bound."""
        with pytest.raises(BundleError, match=r"digits/1 took more than 0 s"):
            Examiner("litert", timeout_s=0).examine(tmp_path / "digits/1")


class TestScoreBundle:
    """`score_bundle`."""

    def test_labels_are_no_digits(self, tmp_path: Path) -> None:
        """An evaluation set that cannot be scored is a bundle's error."""
        path = copy_bundle(tmp_path)
        keep_digits(path, 20)
        _write_labels(path, 77)

        with pytest.raises(BundleError, match=r"digits/1 cannot be scored"):
            score_bundle(path, "litert")

    def test_accuracy(self, tmp_path: Path) -> None:
        """All of twenty digits are right."""
        path = copy_bundle(tmp_path)
        keep_digits(path, 20)

        assert score_bundle(path, "litert").accuracy == 1


def _write_labels(path: Path, label: int) -> None:
    """Give all of a bundle's test digits one label."""
    images = np.zeros((20, 28, 28), np.uint8)
    np.savez(path / EVALUATION_SET, images=images, labels=np.full(20, label, np.uint8))
    seal(path)
