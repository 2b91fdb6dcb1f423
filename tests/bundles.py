"""Bundles for tests: copies of the embedded ones, as other versions, and changed on purpose."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from service.bundle import EVALUATION_SET, MANIFEST, hash_files
from service.manifest import Manifest

MODELS = Path(__file__).parents[1] / "models"


def copy_bundle(
    models_dir: Path, *, name: str = "digits", version: str = "1", source: str = "digits"
) -> Path:
    """Copy an embedded bundle under a name and version that it then bears itself.

    Args:
        models_dir: Where the models of a test lie.
        name: Name of the copy.
        version: Version of the copy.
        source: Name of the embedded bundle.

    Returns:
        The copy's directory.
    """
    path = models_dir / name / version
    shutil.copytree(MODELS / source / "1", path)
    seal(path)
    return path


def keep_digits(path: Path, count: int, *, label_offset: int = 0) -> None:
    """Cut a bundle's evaluation set down, so that it is scored at once.

    Args:
        path: The bundle's directory.
        count: How many digits are left.
        label_offset: Added to the labels, modulo 10: any but 0 makes every answer wrong.
    """
    file = path / EVALUATION_SET
    with np.load(file) as arrays:
        images, labels = arrays["images"][:count], arrays["labels"][:count]
    np.savez_compressed(file, images=images, labels=((labels + label_offset) % 10).astype(np.uint8))
    seal(path)


def seal(path: Path, **changes: Any) -> None:
    """Write a bundle's manifest anew, with the hashes of its files as they are now.

    Args:
        path: The bundle's directory; it gives name and version.
        **changes: Other fields of the manifest.
    """
    manifest = Manifest.model_validate_json((path / MANIFEST).read_text())
    own = {"name": path.parent.name, "version": path.name, "files": hash_files(path)}
    document = manifest.model_copy(update=own | changes).model_dump_json()
    (path / MANIFEST).write_text(document)
