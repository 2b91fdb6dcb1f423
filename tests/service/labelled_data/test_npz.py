"""Tests of `.npz` uploads: which arrays are taken, and as what."""

import numpy as np
import numpy.typing as npt
import pytest

from service.errors import LabelledDataError
from service.labelled_data import LabelledDataLimits
from tests.service.labelled_data.files import (
    PICTURE,
    make_npy,
    make_npz,
    make_zip,
    npy_header,
    read,
)

IMAGES = np.array([[[0, 1, 2], [3, 4, 5]], [[255, 254, 253], [252, 251, 250]]], dtype=np.uint8)
LABELS = np.array([7, 2])


def first_image(images: npt.ArrayLike) -> npt.NDArray[np.generic]:
    """Return what becomes of the first image of an upload."""
    images = np.asarray(images)
    (item, *_) = read(make_npz(images=images, labels=np.zeros(len(images), dtype=np.int64)))
    assert isinstance(item.image, np.ndarray)
    return item.image


class TestIsNpz:
    """Of `is_npz`."""

    def test_only_arrays(self) -> None:
        """A zip of other arrays, such as Keras's mnist.npz, is told what to name them."""
        upload = make_npz(x_test=IMAGES, y_test=LABELS)

        with pytest.raises(
            LabelledDataError, match=r"has no images\.npy; it holds 'x_test\.npy', 'y_test\.npy'\."
        ):
            read(upload)

    def test_one_of_ours_among_others(self) -> None:
        """One of our two arrays makes an `.npz`, whatever else there is."""
        upload = make_zip({"7/a.png": PICTURE, "images.npy": PICTURE})

        with pytest.raises(LabelledDataError, match=r"The \.npz has no labels\.npy"):
            read(upload)

    def test_arrays_in_folders_are_pictures(self) -> None:
        """Members below a digit's folder are left to the decoder, whatever their name."""
        assert len(read(make_zip({"7/images.npy": PICTURE}))) == 1


class TestReadNpz:
    """Of `read_npz`."""

    def test_images_and_labels(self) -> None:
        """Arrays that NumPy saved come out as they went in."""
        first, second = read(make_npz(images=IMAGES, labels=LABELS))

        assert (first.name, first.label) == ("images[0]", 7)
        assert (second.name, second.label) == ("images[1]", 2)
        assert np.array_equal(first.image, IMAGES[0])
        assert np.array_equal(second.image, IMAGES[1])

    def test_iterating_twice(self) -> None:
        """Each pass gives all items."""
        data = read(make_npz(images=IMAGES, labels=LABELS))

        assert [item.label for item in data] == [item.label for item in data] == [7, 2]

    def test_other_arrays_are_left_alone(self) -> None:
        """A pickle under another name is not opened."""
        data = read(make_npz(images=IMAGES, labels=LABELS, notes=np.array([{}], dtype=object)))

        assert data.labels.tolist() == [7, 2]

    def test_fourth_axis_of_one(self) -> None:
        """[N, H, W, 1] is [N, H, W]."""
        assert np.array_equal(first_image(IMAGES[..., np.newaxis]), IMAGES[0])

    def test_axes_in_fortran_order(self) -> None:
        """Arrays that are stored first axis fastest are not transposed."""
        assert np.array_equal(first_image(np.asfortranarray(IMAGES)), IMAGES[0])

    @pytest.mark.parametrize("dtype", ["<f2", "<f4", ">f4", "<f8", ">f8"])
    def test_floats_become_uint8(self, dtype: str) -> None:
        """All 256 greys divided by 255 come back exactly, in every float."""
        greys = np.arange(256).reshape(1, 16, 16)

        image = first_image((greys / 255).astype(dtype))

        assert image.dtype == np.uint8
        assert np.array_equal(image, greys[0])

    def test_bools_become_uint8(self) -> None:
        """False is 0 and True is 255."""
        image = first_image([[[False, True]]])

        assert image.dtype == np.uint8
        assert image.tolist() == [[0, 255]]

    def test_bool_of_another_byte(self) -> None:
        """A bool stored as 2, which NumPy never writes, is True."""
        images = make_npy(npy_header("(1, 1, 2)", "|b1"), b"\0\2")
        labels = make_npy(npy_header("(1,)"), b"\1")

        (item,) = read(make_zip({"images.npy": images, "labels.npy": labels}))

        assert np.asarray(item.image).tolist() == [[0, 255]]

    @pytest.mark.parametrize("dtype", ["i1", "<i2", ">i4", "<i8", "u1", ">u2", "<u4", "<u8"])
    def test_labels_of_every_integer(self, dtype: str) -> None:
        """Labels may be integers of any size, sign and byte order."""
        data = read(make_npz(images=IMAGES, labels=LABELS.astype(dtype)))

        assert data.labels.dtype == np.int64
        assert data.labels.tolist() == [7, 2]


class TestRefusals:
    """Of `read_npz` on arrays that are not taken."""

    @pytest.mark.parametrize("dtype", ["i1", "u2", "i8", "u4"])
    def test_dtype_of_images(self, dtype: str) -> None:
        """Integers other than uint8 have no known range."""
        with pytest.raises(LabelledDataError, match="expected uint8 0 to 255, float 0 to 1, or b"):
            read(make_npz(images=IMAGES.astype(dtype), labels=LABELS))

    @pytest.mark.parametrize("value", [-0.01, 1.01, 255.0, np.nan, np.inf])
    @pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
    def test_floats_outside_0_to_1(self, value: float, dtype: str) -> None:
        """Floats that leave 0..1, or are no numbers, are not guessed at."""
        images = np.full((2, 3, 4), 0.5, dtype=dtype)
        images[1, 2, 3] = value

        with pytest.raises(LabelledDataError, match=r"expected 0 to 1\. Divide by 255"):
            read(make_npz(images=images, labels=LABELS))

    @pytest.mark.parametrize("shape", [(), (2,), (2, 784), (2, 28, 28, 3), (2, 4, 4, 1, 1)])
    def test_shape_of_images(self, shape: tuple[int, ...]) -> None:
        """Flattened and coloured images are refused."""
        images = np.zeros(shape, dtype=np.uint8)

        with pytest.raises(LabelledDataError, match=r"expected \[N, H, W\] or \[N, H, W, 1\]"):
            read(make_npz(images=images, labels=LABELS))

    @pytest.mark.parametrize(
        "labels",
        [np.eye(10)[[7, 2]], np.eye(10, dtype=np.int64)[[7, 2]], np.array([7.0, 2.0]), LABELS > 3],
        ids=["one-hot floats", "one-hot integers", "floats", "bools"],
    )
    def test_labels_of_another_kind(self, labels: npt.NDArray[np.generic]) -> None:
        """Labels are integers of one axis."""
        with pytest.raises(LabelledDataError, match=r"expected integers \[N\], 0 to 9"):
            read(make_npz(images=IMAGES, labels=labels))

    @pytest.mark.parametrize("label", [-1, 10, 2**63 - 1])
    def test_label_is_no_digit(self, label: int) -> None:
        """The label that is no digit is named with its index."""
        with pytest.raises(LabelledDataError, match=rf"labels\[1\] is {label};"):
            read(make_npz(images=IMAGES, labels=np.array([0, label])))

    def test_huge_unsigned_label(self) -> None:
        """A label past the signed integers is named as it is."""
        with pytest.raises(LabelledDataError, match=r"labels\[0\] is 18446744073709551615;"):
            read(make_npz(images=IMAGES, labels=np.array([2**64 - 1, 0], dtype=np.uint64)))

    def test_counts_differ(self) -> None:
        """Two images need two labels."""
        with pytest.raises(LabelledDataError, match="2 images but 1 labels"):
            read(make_npz(images=IMAGES, labels=LABELS[:1]))

    def test_no_images(self) -> None:
        """Arrays of no images are refused."""
        with pytest.raises(LabelledDataError, match="holds no images"):
            read(make_npz(images=IMAGES[:0], labels=LABELS[:0]))

    def test_too_many_images(self) -> None:
        """The number of images is bounded, and the bound stated."""
        upload = make_npz(images=np.zeros((21, 2, 2), np.uint8), labels=np.zeros(21, np.uint8))

        with pytest.raises(LabelledDataError, match="21 images; at most 20 are accepted"):
            read(upload)

    @pytest.mark.parametrize("size", [(0, 1), (1, 4097)])
    def test_image_size(self, size: tuple[int, int]) -> None:
        """Images have 1 to 4096 pixels a side."""
        upload = make_npz(images=np.zeros((1, *size), np.uint8), labels=np.zeros(1, np.uint8))

        with pytest.raises(LabelledDataError, match="1 to 4,096 a side are accepted"):
            read(upload)

    def test_expanded_bytes(self) -> None:
        """Twelve pixels and two labels of eight bytes pass a bound of 27."""
        limits = LabelledDataLimits(max_images=2, max_expanded_bytes=27, max_member_bytes=1)

        with pytest.raises(LabelledDataError, match="more bytes than the 27 that are accepted"):
            read(make_npz(images=IMAGES, labels=LABELS), limits=limits)

    def test_exactly_the_bound(self) -> None:
        """A bound of 28 bytes takes them."""
        limits = LabelledDataLimits(max_images=2, max_expanded_bytes=28, max_member_bytes=1)

        assert len(read(make_npz(images=IMAGES, labels=LABELS), limits=limits)) == 2
