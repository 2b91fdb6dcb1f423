"""Reading bundles: what is served and what is refused."""

import hashlib
import io
import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from service.bundle import (
    EVALUATION_SET,
    LITERT_PROGRAM,
    MANIFEST,
    Bundle,
    find_bundles,
    find_versions,
)
from service.errors import BundleError
from service.preprocessing import PREPROCESSING_VERSION
from tests.bundles import MODELS, copy_bundle, seal


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A copy of the embedded bundle that a test may damage."""
    return Path(shutil.copytree(MODELS / "digits/1", tmp_path / "digits/1"))


def _read(path: Path, version: str = PREPROCESSING_VERSION) -> Bundle:
    return Bundle.read(path, preprocessing_version=version)


class TestRead:
    """`Bundle.read`."""

    @pytest.mark.parametrize("name", ["digits", "textbook"])
    def test_embedded_bundles(self, name: str) -> None:
        """The embedded bundles are whole and carry the digits that they were scored on."""
        bundle = _read(MODELS / name / "1")

        assert bundle.manifest.metrics.test.n == 10_000
        assert bundle.evaluation_set().images.shape == (10_000, 28, 28)
        assert bundle.validation_set().labels.shape == (1_000,)

    def test_changed_file(self, place: Path) -> None:
        """A changed byte is found."""
        with (place / LITERT_PROGRAM).open("ab") as file:
            file.write(b"x")

        with pytest.raises(BundleError, match=r"has a changed assets\.extra/model\.tflite"):
            _read(place)

    def test_missing_file(self, place: Path) -> None:
        """A missing file is named."""
        (place / "saved_model.pb").unlink()

        with pytest.raises(BundleError, match=r"lacks saved_model\.pb"):
            _read(place)

    def test_unknown_file(self, place: Path) -> None:
        """A file that was added is named."""
        (place / "extra.bin").touch()

        with pytest.raises(BundleError, match=r"has the unknown file extra\.bin"):
            _read(place)

    @pytest.mark.parametrize("text", ["{}", "not json", '{"schema_version": 2}'])
    def test_unreadable_manifest(self, place: Path, text: str) -> None:
        """A manifest of another schema is refused without the validator's text."""
        (place / MANIFEST).write_text(text)

        with pytest.raises(BundleError, match="a manifest that this release cannot read"):
            _read(place)

    def test_no_manifest(self, place: Path) -> None:
        """A directory without a manifest is no bundle."""
        (place / MANIFEST).unlink()

        with pytest.raises(BundleError, match=r"has no readable assets\.extra/manifest\.json"):
            _read(place)

    def test_unreadable_file(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file that the disk does not give is a bundle's error, not a crash."""

        def fail(*_: object) -> None:
            raise OSError("the disk is failing")

        monkeypatch.setattr(hashlib, "file_digest", fail)

        with pytest.raises(BundleError, match="has files that cannot be read"):
            _read(place)

    def test_other_preprocessing(self, place: Path) -> None:
        """A network is served only with the preprocessing that it was made for."""
        with pytest.raises(
            BundleError, match=r"preprocessing version .*this service has version 0\."
        ):
            _read(place, version="0")

    def test_other_name(self, place: Path) -> None:
        """A bundle in the place of another is refused."""
        moved = place.rename(place.with_name("2"))

        with pytest.raises(BundleError, match="says that it is digits/1"):
            _read(moved)


def _npz(**arrays: npt.ArrayLike) -> bytes:
    """Write arrays as an npz file does."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


DIGITS = np.zeros((3, 28, 28), np.uint8)
LABELS = np.zeros(3, np.uint8)


class TestDigits:
    """`Bundle.evaluation_set` and `Bundle.validation_set`."""

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"no npz",
            b"\x93NUMPY\x01\x00",
            _npz(images=DIGITS, labels=LABELS)[:-30],
            _npz(images=DIGITS),
            _npz(images=DIGITS, labels=LABELS).replace(b"|u1", b"|u9"),
        ],
        ids=["empty", "text", "npy cut off", "cut off", "no labels", "unknown type"],
    )
    def test_no_npz(self, tmp_path: Path, content: bytes) -> None:
        """A file of another kind is a bundle's error in our words, though its hash is right."""
        path = copy_bundle(tmp_path)
        (path / EVALUATION_SET).write_bytes(content)
        seal(path)

        with pytest.raises(
            BundleError, match=r"digits/1 has no labelled digits in assets\.extra/eva"
        ):
            _read(path).evaluation_set()

    @pytest.mark.parametrize(
        ("images", "labels"),
        [
            (DIGITS[:2], LABELS),
            (DIGITS[:0], LABELS[:0]),
            (DIGITS[0], LABELS[0]),
            (DIGITS[:, :14], LABELS),
            (DIGITS.astype(np.float32), LABELS),
            (DIGITS, LABELS.astype(np.int64)),
        ],
        ids=["fewer", "none", "one", "half", "float", "wide labels"],
    )
    def test_other_arrays(
        self, tmp_path: Path, images: npt.ArrayLike, labels: npt.ArrayLike
    ) -> None:
        """Arrays of another shape or type are refused, and named."""
        path = copy_bundle(tmp_path)
        (path / EVALUATION_SET).write_bytes(_npz(images=images, labels=labels))
        seal(path)

        with pytest.raises(BundleError, match=r"expected uint8 \[N, 28, 28\] and \[N\]"):
            _read(path).evaluation_set()


class TestFindVersions:
    """`find_versions`."""

    def test_newest_first(self, tmp_path: Path) -> None:
        """All versions of a model, the highest number first."""
        for name in ("digits/9", "digits/10", "digits/2", "digits/10.partial"):
            (tmp_path / name).mkdir(parents=True)

        found = find_versions(tmp_path)

        assert found == {"digits": [tmp_path / f"digits/{version}" for version in (10, 9, 2)]}


class TestFindBundles:
    """`find_bundles`."""

    def test_newest_version_wins(self, tmp_path: Path) -> None:
        """Versions are numbers: 10 is newer than 9; other names are passed over."""
        for name in ("digits/9", "digits/10", "digits/.export-x", "other/1"):
            (tmp_path / name).mkdir(parents=True)

        found = find_bundles(tmp_path)

        assert found == {"digits": tmp_path / "digits/10", "other": tmp_path / "other/1"}

    def test_none(self, tmp_path: Path) -> None:
        """An empty directory is an error that says what is expected."""
        with pytest.raises(BundleError, match="No model bundle was found"):
            find_bundles(tmp_path)
