"""Large progressive JPEGs are decoded from a part of their scans, to the same pixels."""

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from PIL import Image

from service.preprocessing import UploadLimits, open_image
from service.preprocessing.decoding import DRAFT_SIDE, LEAST_DRAFT, ORIENTATION_TAG, Grey
from service.preprocessing.jpeg_segments import START_OF_SCAN, find_segments
from service.preprocessing.progressive import without_detail
from tests.mutations import mutated
from tests.pictures import encode, photo

EIGHTH = (320, 240)
LARGE = (8 * EIGHTH[0], 8 * EIGHTH[1])


def _photo(mode: str, **options: Any) -> bytes:
    """Write a small photo of grain and colours as a progressive JPEG."""
    grain = np.random.default_rng(0).integers(0, 120, (200, 264, 3), np.uint8)
    picture = Image.fromarray(np.asarray(photo(size=(264, 200))) // 2 + grain)
    return encode(picture.convert(mode), "JPEG", progressive=True, quality=90, **options)


def _decoded(jpeg: bytes, scale: int = 8) -> Grey:
    """Decode a JPEG to a fraction of its size."""
    with Image.open(io.BytesIO(jpeg)) as image:
        image.draft("L", (image.width // scale, image.height // scale))
        return np.asarray(image)


def _num_scans(jpeg: bytes) -> int:
    """Count the scans of a JPEG."""
    return sum(segment.code == START_OF_SCAN for segment in find_segments(jpeg))


class TestWithoutDetail:
    """`without_detail`."""

    @pytest.mark.parametrize(
        ("mode", "options", "num_scans"),
        [
            ("L", {}, 3),
            ("RGB", {}, 5),
            ("RGB", {"subsampling": 0, "restart_marker_rows": 2}, 5),
            ("CMYK", {}, 6),
        ],
        ids=["grey", "colour", "restarts", "cmyk"],
    )
    def test_same_eighth(self, mode: str, options: dict[str, int], num_scans: int) -> None:
        """An eighth of the picture is the same to the bit, of fewer scans."""
        whole = _photo(mode, **options)

        part = without_detail(whole)

        assert np.array_equal(_decoded(part), _decoded(whole))
        assert _num_scans(part) == num_scans < _num_scans(whole)
        assert len(part) < len(whole) / 2

    def test_not_of_a_quarter(self) -> None:
        """A quarter would show the detail that was left out."""
        whole = _photo("L")

        assert not np.array_equal(_decoded(without_detail(whole), 4), _decoded(whole, 4))

    def test_what_follows_the_first_picture(self) -> None:
        """Further pictures, which cameras append, are left out."""
        whole = _photo("L")

        assert without_detail(whole + whole) == without_detail(whole)

    def test_cut_off(self) -> None:
        """A file without an end comes back as it is."""
        whole = _photo("L")[:-2]

        assert without_detail(whole) == whole
        assert without_detail(b"\xff\xd8") == b"\xff\xd8"

    @settings(max_examples=300, deadline=None)
    @given(mutated([_photo("L"), b"\xff\xd8\xff\xda\0\0\xff\xd9"]))
    def test_mutated(self, upload: bytes) -> None:
        """No damage makes it fail, or longer."""
        assert len(without_detail(upload)) <= len(upload)


class TestOpenImage:
    """`open_image`."""

    @pytest.mark.parametrize(("size", "is_shortened"), [(LARGE, True), ((2552, 1914), False)])
    def test_large_ones(
        self, size: tuple[int, int], is_shortened: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A progressive JPEG that is decoded to an eighth is shortened before, with no other pixels."""
        whole = encode(photo(size=size), "JPEG", progressive=True)
        lengths = []

        def note_and_shorten(jpeg: bytes) -> bytes:
            lengths.append(len(jpeg))
            return without_detail(jpeg)

        monkeypatch.setattr("service.preprocessing.decoding.without_detail", note_and_shorten)
        shortened = open_image(whole, UploadLimits()).decode()
        monkeypatch.setattr("service.preprocessing.decoding.without_detail", lambda jpeg: jpeg)
        plain = open_image(whole, UploadLimits()).decode()

        assert (max(size) >= LEAST_DRAFT * DRAFT_SIDE) == is_shortened
        assert lengths == [len(whole)] * is_shortened
        assert np.array_equal(shortened.grey, plain.grey)
        assert shortened.scale == plain.scale

    def test_orientation(self) -> None:
        """The turn that its header tells is not lost."""
        exif = Image.Exif()
        exif[ORIENTATION_TAG] = 6
        upload = encode(photo(size=LARGE), "JPEG", progressive=True, exif=exif)

        picture = open_image(upload, UploadLimits()).decode()

        assert picture.grey.shape == EIGHTH
        assert picture.steps == ("rotated", "reduced")
