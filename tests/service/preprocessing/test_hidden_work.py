"""What is refused though its pixels are few, and what is not."""

import pytest
from PIL import Image

from service.errors import ImageTooLargeError
from service.preprocessing import UploadLimits, open_image
from service.preprocessing.hidden_work import MAX_SCANS, MAX_SEGMENTS
from tests.hostile_pictures import (
    bmp_of_short_runs,
    hostile_pictures,
    jpeg_of_many_scans,
    jpeg_segment,
    jpeg_with,
    png,
    tiled_tiff,
)
from tests.pictures import draw, encode

NUM_OWN_SCANS = 6  # of a grey progressive JPEG of libjpeg's


def _open(upload: bytes) -> None:
    """Open a picture within the default bounds."""
    open_image(upload, UploadLimits())


class TestCheckHiddenWork:
    """`check_hidden_work`, by way of `open_image`."""

    @pytest.mark.parametrize("size", [(65_536, 1), (1, 65_536)])
    def test_long_sides(self, size: tuple[int, int]) -> None:
        """A line of pixels is refused by its length, with few pixels in all."""
        with pytest.raises(ImageTooLargeError, match="at most 65,535 a side"):
            _open(png(size=size))

    def test_too_many_scans(self) -> None:
        """One scan too many is refused, before any is decoded."""
        _open(jpeg_of_many_scans(MAX_SCANS - NUM_OWN_SCANS))

        with pytest.raises(ImageTooLargeError, match="more than 32 scans"):
            _open(jpeg_of_many_scans(MAX_SCANS - NUM_OWN_SCANS + 1))

    def test_too_many_scans_of_single_components(self) -> None:
        """A sequential file may have several scans, too, each of some components; these are counted."""
        whole = encode(draw().convert("RGB"), "JPEG")
        scan = whole.rfind(b"\xff\xda")
        single = jpeg_segment(0xDA, b"\x01\x01\x00\x00\x3f\x00")

        _open(whole[:scan] + single * MAX_SCANS + whole[-2:])
        with pytest.raises(ImageTooLargeError, match="more than 32 scans"):
            _open(whole[:scan] + single * (MAX_SCANS + 1) + whole[-2:])

    def test_nothing_is_sought_behind_a_whole_scan(self) -> None:
        """Where one scan has all there is, as of every camera, megabytes behind it are not looked through."""
        _open(encode(draw().convert("RGB"), "JPEG")[:-2] + b"\xff\xda\0\2" * 100)

    def test_too_many_segments(self) -> None:
        """So are headers without end."""
        with pytest.raises(ImageTooLargeError, match="4,096 segments"):
            _open(jpeg_with(jpeg_segment(0xFE, b"") * MAX_SEGMENTS))

    @pytest.mark.parametrize("name", ["mpo", "jpeg-many-pictures"])
    def test_what_follows_the_first_picture_is_not_counted(self, name: str) -> None:
        """Cameras append further pictures, and films, in which any bytes occur."""
        _open(hostile_pictures()[name])
        _open(encode(draw(), "JPEG") + b"\xff\xda\0\0" * 100)

    def test_thumbnails_are_not_counted(self) -> None:
        """A picture within a header is passed over with it."""
        _open(jpeg_with(jpeg_segment(0xE1, b"Exif" + b"\xff\xda\0\2" * 100)))

    @pytest.mark.parametrize("progressive", [False, True])
    def test_a_jpeg_without_an_end(self, progressive: bool) -> None:
        """One that is cut off is for the decoder to complain about."""
        _open(encode(draw(), "JPEG", progressive=progressive)[:-2])

    def test_runs_of_a_bmp(self) -> None:
        """Runs are unpacked slowly, a pixel at a time: with many pixels they are refused."""
        _open(bmp_of_short_runs(2000, 2000))

        with pytest.raises(ImageTooLargeError, match="run-length encoded"):
            _open(bmp_of_short_runs(2000, 2001))

    def test_tiles_larger_than_the_picture(self) -> None:
        """A tile of 268 megapixels of a picture of 64 pixels is refused."""
        with pytest.raises(ImageTooLargeError, match="tiles that are much larger"):
            _open(tiled_tiff(8, 16_384))

    def test_usual_tiles(self) -> None:
        """Tiles of 256x256 are read, of small pictures too; so are TIFFs without tiles."""
        _open(tiled_tiff(60, 256))
        _open(encode(Image.new("L", (60, 60)), "TIFF"))
