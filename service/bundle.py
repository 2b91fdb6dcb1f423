"""Model bundles: the directory that training hands to serving, read and verified.

    models/<name>/<version>/ -> manifest -> schema, preprocessing version and hashes checked -> Bundle

The directory is a TensorFlow SavedModel; everything of ours lies in its `assets.extra/`. This module
imports neither FastAPI nor TensorFlow.
"""

import hashlib
import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from service.errors import BundleError
from service.manifest import SCHEMA_VERSION, Manifest

ASSETS = "assets.extra"
MANIFEST = f"{ASSETS}/manifest.json"
LITERT_PROGRAM = f"{ASSETS}/model.tflite"
EVALUATION_SET = f"{ASSETS}/evaluation.npz"
VALIDATION_SET = f"{ASSETS}/validation.npz"
REPORT = f"{ASSETS}/report"

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_VERSION = re.compile(r"[1-9][0-9]*")

# What NumPy raises for files that are no npz of ours, or no arrays where some should be.
_UNLOADABLE = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_files(bundle: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a bundle except its manifest.

    Returns:
        Paths relative to the bundle, with forward slashes and sorted, to 64 hexadecimal digits.
    """
    files = sorted(path for path in bundle.rglob("*") if path.is_file())
    names = [path.relative_to(bundle).as_posix() for path in files]
    return {
        name: sha256_of(path) for name, path in zip(names, files, strict=True) if name != MANIFEST
    }


@dataclass(frozen=True)
class Bundle:
    """A verified bundle on disk.

    Attributes:
        path: The bundle's directory.
        manifest: What it says of itself.
    """

    path: Path
    manifest: Manifest

    @classmethod
    def read(cls, path: Path, *, preprocessing_version: str) -> Self:
        """Read a bundle and check that it may be served.

        Args:
            path: The bundle's directory, `.../<name>/<version>`.
            preprocessing_version: Version of the preprocessing that will feed the model.

        Raises:
            BundleError: If the manifest is missing, of another schema or of another model, if a file is
                missing, changed or added, or if the model expects another preprocessing.
        """
        manifest = _read_manifest(path)
        where = f"The bundle {path.parent.name}/{path.name}"
        if (manifest.name, manifest.version) != (path.parent.name, path.name):
            raise BundleError(
                f"{where} says that it is {manifest.name}/{manifest.version}. "
                "Put it into the directory of its name and version, or export it anew."
            )
        if manifest.preprocessing_version != preprocessing_version:
            raise BundleError(
                f"{where} was made for preprocessing version {manifest.preprocessing_version}, and this "
                f"service has version {preprocessing_version}. Export the model anew with this release."
            )
        _check_files(path, manifest, where)
        return cls(path, manifest)

    @property
    def digest(self) -> str:
        """SHA-256 of what the manifest says; by its hashes this fixes every other file too."""
        return hashlib.sha256(self.manifest.model_dump_json().encode()).hexdigest()

    @property
    def litert_program(self) -> Path:
        """Path of the LiteRT program."""
        return self.path / LITERT_PROGRAM

    def evaluation_set(self) -> "LabelledDigits":
        """Load the test digits that the metrics were measured on.

        Raises:
            BundleError: If the file holds no labelled digits.
        """
        return _load_digits(self.path, EVALUATION_SET)

    def validation_set(self) -> "LabelledDigits":
        """Load the validation digits for self-tests and renderings.

        Raises:
            BundleError: If the file holds no labelled digits.
        """
        return _load_digits(self.path, VALIDATION_SET)


@dataclass(frozen=True)
class LabelledDigits:
    """Canonical digits with their labels.

    Attributes:
        images: uint8 [N, 28, 28]; 0 = paper, 255 = ink.
        labels: uint8 [N]; 0..9.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint8]


def find_versions(models_dir: Path) -> dict[str, list[Path]]:
    """Find the versions of every named model.

    Args:
        models_dir: Directory of `<name>/<version>/` directories.

    Returns:
        Model name to the directories of its versions, the highest number first, sorted by name. Directories
        of other names (a half-written export, a backup) are passed over.

    Raises:
        BundleError: If there is no bundle at all.
    """
    versions: dict[str, list[Path]] = {}
    paths = sorted(models_dir.glob("*/*/"), key=lambda path: (len(path.name), path.name))
    for path in reversed(paths):
        if _NAME.fullmatch(path.parent.name) and _VERSION.fullmatch(path.name):
            versions.setdefault(path.parent.name, []).append(path)
    if not versions:
        raise BundleError(
            f"No model bundle was found under {models_dir}: expected <name>/<version>/ directories such as "
            "digits/1. Point DIGITSERVE_MODELS_DIR at the models, or export one."
        )
    return dict(sorted(versions.items()))


def find_bundles(models_dir: Path) -> dict[str, Path]:
    """Find the newest version of every named model, valid or not.

    Returns:
        Model name to the directory of its highest version number, sorted by name.

    Raises:
        BundleError: If there is no bundle at all.
    """
    return {name: newest for name, (newest, *_) in find_versions(models_dir).items()}


def _read_manifest(path: Path) -> Manifest:
    """Parse the manifest; its absence and every defect are a BundleError."""
    where = f"The bundle {path.parent.name}/{path.name}"
    try:
        text = (path / MANIFEST).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as cause:
        raise BundleError(
            f"{where} has no readable {MANIFEST}. It is no bundle, or was copied only in part: copy it anew."
        ) from cause
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as cause:
        field = ".".join(str(part) for part in cause.errors()[0]["loc"]) or "the document"
        raise BundleError(
            f"{where} has a manifest that this release cannot read (schema {SCHEMA_VERSION}): "
            f"{field} is missing or wrong. Export the model anew with this release."
        ) from cause


def _check_files(path: Path, manifest: Manifest, where: str) -> None:
    """Compare the files on disk with the hashes in the manifest."""
    try:
        found = hash_files(path)
    except OSError as cause:
        raise BundleError(f"{where} has files that cannot be read. Copy it anew.") from cause
    for problem, names in (
        ("lacks", manifest.files.keys() - found.keys()),
        ("has the unknown file", found.keys() - manifest.files.keys()),
        ("has a changed", {name for name, sha in found.items() if manifest.files.get(name) != sha}),
    ):
        if names:
            raise BundleError(
                f"{where} {problem} {min(names)}: its files are not those that were exported. Copy it anew."
            )


def _load_digits(bundle: Path, file: str) -> LabelledDigits:
    """Load `images` and `labels` from an npz file of a bundle; every defect is a BundleError."""
    where = f"The bundle {bundle.parent.name}/{bundle.name}"
    try:
        # From memory: over a broken archive NumPy forgets to close a file that it opened itself.
        content = io.BytesIO((bundle / file).read_bytes())
        with np.load(content, allow_pickle=False) as arrays:
            digits = LabelledDigits(arrays["images"], arrays["labels"])
    except _UNLOADABLE as cause:
        raise BundleError(
            f"{where} has no labelled digits in {file}: it is no npz file with images and labels. "
            "Export the model anew."
        ) from cause
    images, labels = digits.images, digits.labels
    are_whole = images.shape == (*labels.shape, 28, 28) and labels.ndim == 1 and labels.size
    if not are_whole or {images.dtype, labels.dtype} != {np.dtype(np.uint8)}:
        raise BundleError(
            f"{where} has images {images.dtype} {list(images.shape)} and labels {labels.dtype} "
            f"{list(labels.shape)} in {file}; expected uint8 [N, 28, 28] and [N]. Export the model anew."
        )
    return digits
