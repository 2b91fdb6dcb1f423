"""Opening and decoding: what the header says, and what is read after it."""

from typing import Any

import numpy as np
import pytest
from PIL import Image

from service.errors import BrokenImageError, EmptyUploadError, ImageTooLargeError
from service.preprocessing import UploadLimits, open_image
from tests.pictures import draw, encode

LIMITS = UploadLimits()


class TestOpenImage:
    """`open_image`."""

    def test_size(self) -> None:
        """The size is that of the file, before any reduction."""
        image = open_image(encode(draw(size=(900, 700)), "JPEG"), LIMITS)

        image.decode()

        assert (image.width, image.height, image.num_pixels) == (900, 700, 630_000)

    def test_pixels_are_not_read(self) -> None:
        """A file whose pixels are missing opens; decoding it tells."""
        image = open_image(encode(draw())[:60], LIMITS)

        with pytest.raises(BrokenImageError, match="The PNG image is truncated or damaged"):
            image.decode()

    @pytest.mark.parametrize(("file_format", "size"), [("PNG", 20), ("JPEG", 12), ("GIF", 8)])
    def test_cut_off_within_its_header(self, file_format: str, size: int) -> None:
        """A file that begins as a format we take is called damaged, not unknown."""
        with pytest.raises(BrokenImageError, match=f"The {file_format} image is truncated"):
            open_image(encode(draw(), file_format)[:size], LIMITS)

    def test_empty(self) -> None:
        """No bytes are no image."""
        with pytest.raises(EmptyUploadError):
            open_image(b"", LIMITS)

    def test_bound_is_inclusive(self) -> None:
        """As many pixels as allowed are allowed."""
        upload = encode(Image.new("L", (20, 10)))

        assert open_image(upload, UploadLimits(max_pixels=200)).num_pixels == 200
        with pytest.raises(ImageTooLargeError):
            open_image(upload, UploadLimits(max_pixels=199))


class TestDecode:
    """`OpenedImage.decode`."""

    def test_reduces(self) -> None:
        """The picture is at most 400 pixels wide and high, and tells its scale."""
        picture = open_image(encode(draw(size=(900, 600))), LIMITS).decode()

        assert picture.grey.shape == (267, 400)
        assert picture.scale == pytest.approx(900 / 400)
        assert picture.steps == ("reduced",)

    @pytest.mark.parametrize(
        ("size", "num_decoded"),
        [((4000, 3000), (500, 375)), ((640, 480), (320, 240)), ((639, 400), (639, 400))],
    )
    def test_jpeg_is_decoded_to_no_more_than_is_needed(
        self,
        size: tuple[int, int],
        num_decoded: tuple[int, int],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A JPEG is decoded to the least fraction whose longer side has 320 pixels, whatever its shape."""
        sizes, genuine = [], Image.Image.thumbnail

        def note_and_reduce(image: Image.Image, *arguments: Any, **options: Any) -> None:
            sizes.append(image.size)
            genuine(image, *arguments, **options)

        monkeypatch.setattr(Image.Image, "thumbnail", note_and_reduce)

        open_image(encode(draw(size=size), "JPEG"), LIMITS).decode()

        assert sizes == [num_decoded]

    def test_jpeg_of_one_row(self) -> None:
        """A picture so flat that nothing is left of its height by the same fraction is decoded."""
        upload = encode(Image.new("L", (3200, 1), 200), "JPEG")

        assert open_image(upload, LIMITS).decode().grey.shape == (1, 400)

    def test_strips_leave_no_seams(self) -> None:
        """A picture that is reduced in strips is the one that is reduced whole."""
        noise = np.random.default_rng(0).integers(0, 256, (1310, 1700), np.uint8)
        whole = Image.fromarray(noise).reduce(4)
        whole.thumbnail((400, 400), Image.Resampling.BOX)

        picture = open_image(encode(Image.fromarray(noise)), LIMITS).decode()

        assert (picture.grey == np.asarray(whole)).all()

    def test_large_picture_is_turned(self) -> None:
        """The orientation of a picture outlives its reduction."""
        exif = Image.Exif()
        exif[0x0112] = 6

        picture = open_image(encode(draw(size=(1600, 1000)), exif=exif), LIMITS).decode()

        assert picture.grey.shape == (400, 250)
        assert picture.steps == ("rotated", "reduced")

    @pytest.mark.parametrize("file_format", ["JPEG", "TIFF"])
    @pytest.mark.parametrize("orientation", [0, 1, 3, 6, 9])
    def test_only_what_was_turned_says_so(self, orientation: int, file_format: str) -> None:
        """A tag without a meaning turns nothing; Pillow turns a TIFF by itself. Sides are the upright picture's."""
        exif = Image.Exif()
        exif[0x0112] = orientation
        upload = encode(draw(size=(100, 60)), file_format, exif=exif)

        picture = open_image(upload, LIMITS).decode()

        is_on_side = orientation == 6
        assert picture.steps == (("rotated",) if orientation in {3, 6} else ())
        assert picture.shape == picture.grey.shape == ((100, 60) if is_on_side else (60, 100))

    def test_tiff_that_is_turned_by_its_xmp(self) -> None:
        """Where the tag stands in the XMP alone, the sides are the upright picture's, too."""
        xmp = b'<rdf:Description tiff:Orientation="6"/>'
        upload = encode(draw(size=(100, 60)), "TIFF", tiffinfo={700: xmp})

        picture = open_image(upload, LIMITS).decode()

        assert picture.steps == ("rotated",)
        assert picture.shape == picture.grey.shape == (100, 60)

    @pytest.mark.parametrize("ink", [0, 200])
    def test_palette_with_transparency(self, ink: int) -> None:
        """A drawing of few opaque pixels gets the paper that its ink stands out from."""
        image = Image.new("P", (20, 20), 0)
        image.putpalette([9, 9, 9, ink, ink, ink])
        image.paste(1, (8, 4, 12, 16))

        grey = open_image(encode(image, transparency=0), LIMITS).decode().grey

        assert (grey[10, 10], grey[0, 0]) == (ink, 255 if ink == 0 else 0)

    @pytest.mark.parametrize(
        ("mode", "file_format"),
        [
            ("RGB", "PNG"),
            ("RGBA", "PNG"),
            ("RGB", "JPEG"),
            ("P", "PNG"),
            ("CMYK", "JPEG"),
            ("RGB", "WEBP"),
        ],
    )
    @pytest.mark.parametrize("scale", [1, 3], ids=["small", "reduced"])
    def test_in_colour(self, mode: str, file_format: str, scale: int) -> None:
        """Ink as bright as its paper shows in the picture's colours, of the same size and turned the same way."""
        image = Image.new("RGB", (600 * scale, 400 * scale), (40, 80, 190))
        image.paste((200, 30, 30), (100 * scale, 40 * scale, 140 * scale, 360 * scale))
        exif = Image.Exif()
        exif[0x0112] = 6
        options = {"exif": exif} if file_format != "WEBP" else {"exif": exif, "lossless": True}

        picture = open_image(encode(image.convert(mode), file_format, **options), LIMITS).decode()

        assert picture.in_colour is not None
        coloured = picture.in_colour()
        assert coloured is not None
        assert (coloured.grey.shape, coloured.scale) == (picture.grey.shape, picture.scale)
        assert coloured.steps == (*picture.steps, "by-colour")
        height, width = coloured.grey.shape
        ink, paper = coloured.grey[height // 5, width // 2], coloured.grey[height // 2, width // 2]
        assert abs(int(ink) - int(paper)) > 60
        assert coloured.in_colour is None

    @pytest.mark.parametrize("mode", ["L", "LA", "I;16", "1"])
    def test_without_colours(self, mode: str) -> None:
        """Grey pictures have no colours to look at."""
        assert open_image(encode(Image.new(mode, (20, 20))), LIMITS).decode().in_colour is None

    def test_colours_over_a_background(self) -> None:
        """Of a transparent picture the background has no colour."""
        picture = open_image(encode(Image.new("RGBA", (20, 20))), LIMITS).decode()

        assert picture.in_colour is not None
        assert picture.in_colour() is None

    @pytest.mark.parametrize(("ink", "paper"), [(30, 255), (220, 0)])
    def test_trimmed_drawing(self, ink: int, paper: int) -> None:
        """A bold drawing cut to its box, most of it opaque, gets the paper that its ink stands out from."""
        image = Image.new("LA", (20, 20), (ink, 255))
        image.paste((ink, 0), (8, 0, 14, 20))

        grey = open_image(encode(image), LIMITS).decode().grey

        assert (grey[10, 0], grey[10, 10]) == (ink, paper)

    def test_round_portrait(self) -> None:
        """A picture of more than one tone has a background, though a part of it is transparent."""
        image = Image.new("LA", (20, 20), (180, 255))
        image.paste((20, 255), (8, 4, 12, 16))
        image.paste((0, 0), (0, 0, 20, 4))

        grey = open_image(encode(image), LIMITS).decode().grey

        assert (grey[0, 0], grey[10, 10]) == (180, 20)

    def test_round_corners(self) -> None:
        """Transparent corners continue the picture's own background."""
        image = Image.new("LA", (20, 20), (180, 255))
        image.paste((20, 255), (8, 4, 12, 16))
        image.putpixel((0, 0), (0, 0))

        assert open_image(encode(image), LIMITS).decode().grey[0, 0] == 180
