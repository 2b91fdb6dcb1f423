"""Tests of IDX pairs."""

import gzip
from collections.abc import Callable

import numpy as np
import pytest

from service.errors import LabelledDataError
from service.labelled_data import LabelledDataLimits
from tests.service.labelled_data.files import (
    IDX_IMAGES,
    IDX_LABELS,
    make_idx,
    memory_stays_flat,
    read,
)


class TestReadIdxPair:
    """Of `read_idx_pair`."""

    def test_reference_vector(self) -> None:
        """Files written by hand after the format's description give its images and labels."""
        first, second = read(IDX_IMAGES, IDX_LABELS)

        assert (first.name, first.label) == ("images[0]", 7)
        assert (second.name, second.label) == ("images[1]", 2)
        assert np.array_equal(first.image, np.array([[0, 1, 2], [3, 4, 5]], np.uint8))
        assert np.array_equal(second.image, np.array([[255, 254, 253], [252, 251, 250]], np.uint8))

    @pytest.mark.parametrize(
        "files",
        [
            (IDX_LABELS, IDX_IMAGES),
            (gzip.compress(IDX_IMAGES), IDX_LABELS),
            (IDX_IMAGES, gzip.compress(IDX_LABELS)),
            (gzip.compress(IDX_LABELS), gzip.compress(IDX_IMAGES)),
        ],
        ids=["swapped", "gzip images", "gzip labels", "gzip both, swapped"],
    )
    def test_order_and_compression_do_not_matter(self, files: tuple[bytes, bytes]) -> None:
        """The magic numbers tell which file is which, below gzip too."""
        data = read(*files)

        assert data.labels.tolist() == [7, 2]
        assert [np.asarray(item.image).sum() for item in data] == [15, 1515]

    def test_same_file_twice(self) -> None:
        """Two label files lack an image file."""
        with pytest.raises(LabelledDataError, match=r"IDX images file .*0x00000803.* is missing"):
            read(IDX_LABELS, IDX_LABELS)

    def test_one_file_alone(self) -> None:
        """Images without labels are no labelled data."""
        with pytest.raises(LabelledDataError, match=r"IDX labels file .*0x00000801.* is missing"):
            read(IDX_IMAGES)

    @pytest.mark.parametrize(
        ("values", "word"), [(bytes(11), "fewer"), (bytes(13), "more")], ids=["short", "long"]
    )
    @pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
    def test_length_is_not_that_of_the_header(
        self, values: bytes, word: str, compress: Callable[[bytes], bytes]
    ) -> None:
        """Two images of 2 by 3 pixels are 12 values, neither fewer nor more."""
        images = compress(make_idx(0x803, 2, 2, 3, values=values))

        with pytest.raises(LabelledDataError, match=f"promises 12 values, but {word} follow"):
            read(images, IDX_LABELS)

    def test_labels_file_is_short(self) -> None:
        """The length of the label file is checked too."""
        with pytest.raises(LabelledDataError, match="promises 2 values, but fewer follow"):
            read(IDX_IMAGES, IDX_LABELS[:-1])

    def test_header_is_truncated(self) -> None:
        """A file that ends within its header is refused as such."""
        with pytest.raises(LabelledDataError, match="ends within its header of 16 bytes"):
            read(IDX_IMAGES[:15], IDX_LABELS)

    def test_counts_differ(self) -> None:
        """Two images need two labels."""
        labels = make_idx(0x801, 3, values=b"\1\2\3")

        with pytest.raises(LabelledDataError, match="2 images but 3 labels"):
            read(IDX_IMAGES, labels)

    def test_label_is_no_digit(self) -> None:
        """The first label that is no digit is named."""
        labels = make_idx(0x801, 2, values=b"\x09\x0a")

        with pytest.raises(LabelledDataError, match=r"labels\[1\] is 10; every label must be"):
            read(IDX_IMAGES, labels)

    def test_no_images(self) -> None:
        """A pair of files for no images is refused."""
        with pytest.raises(LabelledDataError, match="holds no images"):
            read(make_idx(0x803, 0, 28, 28), make_idx(0x801, 0))

    @pytest.mark.parametrize("size", [(0, 3), (3, 0), (4097, 1), (1, 4097)])
    def test_image_size_is_bounded(self, size: tuple[int, int]) -> None:
        """Images have 1 to 4096 pixels a side."""
        images = make_idx(0x803, 1, *size, values=bytes(size[0] * size[1]))

        with pytest.raises(LabelledDataError, match="1 to 4,096 a side are accepted"):
            read(images, make_idx(0x801, 1, values=b"\1"))


class TestBounds:
    """Of `read_idx_pair` on files that claim or unpack to too much."""

    def test_number_of_images(self) -> None:
        """The bound is stated; no values are needed to find it passed."""
        images = make_idx(0x803, 21, 28, 28)

        with pytest.raises(LabelledDataError, match="21 images; at most 20 are accepted"):
            read(images, make_idx(0x801, 21))

    def test_expanded_bytes(self) -> None:
        """Twelve pixels and two labels are 14 bytes, which pass a bound of 13."""
        limits = LabelledDataLimits(max_images=20, max_expanded_bytes=13, max_member_bytes=1)

        with pytest.raises(LabelledDataError, match="more bytes than the 13 that are accepted"):
            read(IDX_IMAGES, IDX_LABELS, limits=limits)

    def test_exactly_the_bound(self) -> None:
        """A bound of 14 bytes takes 14 bytes."""
        limits = LabelledDataLimits(max_images=2, max_expanded_bytes=14, max_member_bytes=1)

        assert len(read(IDX_IMAGES, IDX_LABELS, limits=limits)) == 2

    def test_huge_lengths(self) -> None:
        """A header that promises 2**96 bytes is refused by its first length."""
        with pytest.raises(LabelledDataError, match="at most 20 are accepted"):
            read(make_idx(0x803, *[2**32 - 1] * 3), IDX_LABELS)

    def test_gzip_bomb_stays_flat(self) -> None:
        """Of 30 MB behind a header for 12 bytes, no more than those are unpacked."""
        bomb = gzip.compress(IDX_IMAGES + bytes(30_000_000))

        with memory_stays_flat(), pytest.raises(LabelledDataError, match="more follow"):
            read(bomb, IDX_LABELS)


class TestGzip:
    """Of gzip-compressed files."""

    def test_truncated(self) -> None:
        """A gzip file that ends within its data is refused as truncated."""
        with pytest.raises(LabelledDataError, match="gzip file is truncated"):
            read(gzip.compress(IDX_IMAGES)[:-12], IDX_LABELS)

    def test_missing_checksum(self) -> None:
        """A gzip file that lacks its last byte is truncated, though all its data is there."""
        with pytest.raises(LabelledDataError, match="gzip file is truncated"):
            read(gzip.compress(IDX_IMAGES)[:-1], IDX_LABELS)

    def test_wrong_checksum(self) -> None:
        """A changed pixel is found by gzip's checksum."""
        content = bytearray(gzip.compress(IDX_IMAGES))
        content[-8] ^= 1

        with pytest.raises(LabelledDataError, match="gzip file is damaged"):
            read(bytes(content), IDX_LABELS)
