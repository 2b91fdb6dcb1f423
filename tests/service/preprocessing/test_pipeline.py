"""The whole of preprocessing: any upload to the canonical digit."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw, ImageOps

from service.errors import BlankImageError, ImageTooLargeError, UploadError
from service.preprocessing import Box, UploadLimits, canonicalise, preprocess
from service.preprocessing.canonical import canonical_box, centre_of_mass
from service.preprocessing.decoding import Grey, from_pixels
from tests.pictures import draw, encode, photo

LIMITS = UploadLimits()
MODELS = Path(__file__).parents[3] / "models"


def _distance(first: Image.Image, second: Image.Image) -> float:
    """Mean absolute difference of two uploads' canonical digits, in grey levels of 255.

    The least over shifts by one pixel: the centre is rounded to whole pixels, and may fall to either side.
    """
    one, other = (preprocess(encode(image), LIMITS).image.astype(int) for image in (first, second))
    shifts = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return min(float(np.abs(one - np.roll(other, shift, (0, 1))).mean()) for shift in shifts)


class TestCanonicalForm:
    """What every canonical digit is like."""

    @pytest.mark.parametrize("image", [draw(), photo()], ids=["drawing", "photo"])
    def test_box_and_centre(self, image: Image.Image) -> None:
        """The digit's longer side is 20 pixels and its centre of mass at the centre, to a pixel."""
        digit = preprocess(encode(image), LIMITS).image

        assert digit.shape == (28, 28)
        assert digit.dtype == np.uint8
        rows = np.flatnonzero((digit > 64).any(axis=1))
        assert 18 <= rows[-1] - rows[0] + 1 <= 20
        assert centre_of_mass(digit) == pytest.approx((13.5, 13.5), abs=1)

    def test_canonical_passes_untouched(self) -> None:
        """A digit that is canonical already comes back bit for bit."""
        once = preprocess(encode(draw()), LIMITS).image

        again = preprocess(encode(Image.fromarray(once)), LIMITS)

        assert (again.image == once).all()
        assert again.steps == ()

    def test_canonical_with_repeated_pixels(self) -> None:
        """A canonical digit that a web page shows ten times as large comes back bit for bit, too."""
        once = preprocess(encode(draw()), LIMITS).image
        large = once.repeat(10, axis=0).repeat(10, axis=1)

        again = preprocess(encode(Image.fromarray(large)), LIMITS)

        assert (again.image == once).all()
        assert again.steps == ("reduced",)
        assert again.ink_box == Box.around(once > 16).scaled(10)

    def test_box_ends_with_the_upload(self) -> None:
        """A digit that is cut off below ends there, also where the sides are reduced by no whole factor."""
        picture = np.full((600, 1001), 255, np.uint8)
        picture[200:600, 480:520] = 0

        digit = preprocess(encode(Image.fromarray(picture)), LIMITS)

        assert digit.ink_box.bottom == 600
        assert digit.warnings == ("The digit touches the image's border and may be cut off.",)

    @pytest.mark.parametrize("is_in_frame", [True, False])
    def test_border_is_the_pictures(self, *, is_in_frame: bool) -> None:
        """A digit that reaches the edge of a badge or a frame does not touch the picture's border."""
        if is_in_frame:
            picture = np.full((60, 60), 200, np.uint8)
            picture[6:54, 6:54] = 255
            picture[6:50, 27:33] = 0
        else:
            picture = np.full((400, 400), 250, np.uint8)
            picture[100:300, 100:300] = 30
            picture[104:296, 190:210] = 250

        digit = preprocess(encode(Image.fromarray(picture)), LIMITS)

        assert {"margins-removed", "window-entered"} & {*digit.steps}
        assert digit.warnings == ()

    def test_repeated_pixels_of_a_reduced_picture(self) -> None:
        """The box is in the upload's pixels, where both the upload and its repeated pixels were reduced."""
        tiny = np.zeros((8, 8), np.uint8)
        tiny[1:7, 3:5] = 250
        large = tiny.repeat(100, axis=0).repeat(100, axis=1)

        digit = preprocess(encode(Image.fromarray(large)), LIMITS)

        assert digit.ink_box == Box(300, 100, 500, 700)
        assert digit.steps.count("reduced") == 1

    def test_every_mnist_digit_passes_untouched(self) -> None:
        """All 1,000 validation digits are canonical, those that reach the border too."""
        images = np.load(MODELS / "digits/1/assets.extra/validation.npz")["images"]

        assert [index for index, image in enumerate(images) if not canonical_box(image)] == []


class TestInvariance:
    """What must not matter."""

    def test_polarity(self) -> None:
        """Chalk on a board reads like ink on paper."""
        image = draw()

        assert _distance(image, ImageOps.invert(image)) == 0

    @settings(max_examples=25, deadline=None)
    @given(left=st.floats(0.05, 0.45), top=st.floats(0.05, 0.45))
    def test_translation(self, left: float, top: float) -> None:
        """The place of the digit does not matter."""
        assert _distance(draw(at=(0.2, 0.2, 0.5)), draw(at=(left, top, 0.5))) < 8

    @settings(max_examples=25, deadline=None)
    @given(side=st.integers(120, 900))
    def test_scale(self, side: int) -> None:
        """The size of the picture does not matter."""
        assert _distance(draw(), draw(size=(side, side))) < 8

    def test_specks(self) -> None:
        """Dust beside the digit is erased."""
        image = draw()
        dusty = image.copy()
        for at in ((10, 10), (260, 30), (25, 250)):
            dusty.paste(0, (*at, at[0] + 4, at[1] + 4))

        assert _distance(image, dusty) == 0

    def test_tiny_picture(self) -> None:
        """A picture of a few pixels reads like a large one."""
        assert _distance(draw(), draw(size=(40, 40))) < 12

    def test_detached_stroke(self) -> None:
        """A stroke of the digit that touches no other, as the bar of a 5, is kept."""
        image = draw()
        image.paste(0, (80, 20, 200, 45))

        seen = preprocess(encode(image), LIMITS)

        assert "parts-removed" not in seen.steps
        assert seen.ink_box.top <= 22

    def test_frame(self) -> None:
        """A frame along the border is no part of the digit."""
        framed = draw()
        ImageDraw.Draw(framed).rectangle((0, 0, 279, 279), outline=0, width=3)

        assert _distance(draw(), framed) == 0

    def test_margins(self) -> None:
        """A frame around a small picture is left out, and the digit lies where it lay."""
        image = Image.new("L", (32, 32), 60)
        image.paste(230, (2, 2, 30, 30))
        image.paste(10, (14, 8, 18, 25))

        digit = preprocess(encode(image), LIMITS)

        assert digit.steps[0] == "margins-removed"
        assert digit.ink_box == Box(14, 8, 18, 25)

    def test_spoilt_digit_in_a_frame(self) -> None:
        """What a frame leaves of a spoilt digit of canonical size is read as it is, and lies where it lay."""
        noise = np.random.default_rng(3).integers(0, 60, (28, 28), np.uint8)
        noise[5:23, 12:16] = 250
        framed = np.full((34, 34), 140, np.uint8)
        framed[3:31, 3:31] = noise

        inner, outer = (
            preprocess(encode(Image.fromarray(each)), LIMITS) for each in (noise, framed)
        )

        assert (outer.image == inner.image).all()
        assert outer.ink_box == inner.ink_box.shifted(3, 3)
        assert outer.steps == ("margins-removed", *inner.steps)

    def test_strokes_along_two_sides(self) -> None:
        """A seven cut close has ink along two sides, and none within them; it is no frame."""
        seven = np.full((48, 32), 240, np.uint8)
        seven[:7] = seven[:, 25:] = 20

        digit = preprocess(encode(Image.fromarray(seven)), LIMITS)

        assert "margins-removed" not in digit.steps

    def test_exif_orientation(self) -> None:
        """A picture that its EXIF tag turns is upright, and says so."""
        exif = Image.Exif()
        exif[0x0112] = 6
        turned = encode(draw().rotate(90), "JPEG", exif=exif)

        seen = preprocess(turned, LIMITS)

        assert "rotated" in seen.steps
        upright = preprocess(encode(draw(), "JPEG"), LIMITS).image.astype(int)
        assert np.abs(seen.image.astype(int) - upright).mean() < 8

    @pytest.mark.parametrize("ink", [0, 255])
    def test_alpha_only_drawing(self, ink: int) -> None:
        """Ink on nothing is found, be it black or white."""
        alpha = ImageOps.invert(draw())
        image = Image.merge("LA", (Image.new("L", alpha.size, ink), alpha))

        assert _distance(image, draw()) < 3


def _ruled(grey: Grey) -> Grey:
    """Rule the paper in light grey."""
    grey[20::40] = grey[21::40] = np.minimum(grey[20::40], 180)
    return grey


def _squared(grey: Grey) -> Grey:
    """Draw squares in light grey."""
    return _ruled(_ruled(grey).T.copy()).T


def _boxed(grey: Grey) -> Grey:
    """Draw a box around the digit."""
    frame = Image.fromarray(grey)
    ImageDraw.Draw(frame).rectangle((50, 50, 230, 230), outline=0, width=4)
    return np.asarray(frame)


def _in_window(grey: Grey) -> Grey:
    """Paste the inverted picture onto a larger white one."""
    padded: Grey = np.pad(255 - grey, 60, constant_values=255)
    return padded


def _labelled(grey: Grey) -> Grey:
    """Print a label beside the digit."""
    grey[240:262, 15:90] = 0
    return grey


def _crowded(grey: Grey) -> Grey:
    """Show a piece of the next digit at the border."""
    grey[100:180, 268:] = 0
    return grey


def _dusty(grey: Grey) -> Grey:
    """Scatter specks."""
    for left, top in ((10, 10), (260, 30), (25, 250)):
        grey[top : top + 4, left : left + 4] = 0
    return grey


def _shaded(grey: Grey) -> Grey:
    """Cast a soft shadow over the left."""
    light = np.clip(np.linspace(0.4, 1.2, grey.shape[1]), 0.55, 1)
    shaded: Grey = (grey * light).astype(np.uint8)
    return shaded


def _glaring(grey: Grey) -> Grey:
    """Shine a lamp onto a corner of grey paper."""
    y, x = np.mgrid[-1 : 1 : grey.shape[0] * 1j, -1 : 1 : grey.shape[1] * 1j]
    lamp = 90 * np.exp(-3 * ((x - 0.8) ** 2 + (y + 0.8) ** 2))
    glaring: Grey = (grey * 0.6 + lamp).astype(np.uint8)
    return glaring


def _on_table(grey: Grey) -> Grey:
    """Show a dark table beyond the edge of the paper."""
    grey[:, 255:] = 70
    return grey


@pytest.mark.parametrize(
    "disturb",
    [
        _ruled,
        _squared,
        _boxed,
        _in_window,
        _labelled,
        _crowded,
        _dusty,
        _shaded,
        _glaring,
        _on_table,
    ],
)
def test_disturbance(disturb: Callable[[Grey], Grey]) -> None:
    """Rules, boxes, labels, neighbours, dust, shadows and edges leave the digit as it is."""
    grey = np.asarray(draw(at=(0.3, 0.3, 0.4)))

    calm = canonicalise(from_pixels(grey)).image.ravel()
    disturbed = canonicalise(from_pixels(disturb(grey.copy()))).image.ravel()

    assert np.corrcoef(calm, disturbed)[0, 1] > 0.9


def test_dark_rules() -> None:
    """Rules as dark as the pen leave stubs at the strokes, and the digit is still the same."""
    grey = np.asarray(draw(at=(0.3, 0.3, 0.4))).copy()
    calm = canonicalise(from_pixels(grey)).image.ravel()
    grey[20::40] = grey[21::40] = 0

    ruled = canonicalise(from_pixels(grey))

    assert "rules-removed" in ruled.steps
    assert np.corrcoef(calm, ruled.image.ravel())[0, 1] > 0.8


@st.composite
def _pictures(draw_from: st.DrawFn) -> Grey:
    """Pictures of any shape: constant, noise, of two values, or patches enlarged."""
    shape = draw_from(st.tuples(st.integers(1, 20), st.integers(1, 20)))
    levels = (
        st.sampled_from([0, draw_from(st.integers(0, 255))]) if draw_from(st.booleans()) else None
    )
    grey = draw_from(arrays(np.uint8, shape, elements=levels))
    factor = draw_from(st.sampled_from([1, 1, 3, 12]))
    how = draw_from(st.sampled_from([Image.Resampling.NEAREST, Image.Resampling.BICUBIC]))
    return np.asarray(Image.fromarray(grey).resize((shape[1] * factor, shape[0] * factor), how))


@settings(max_examples=300, deadline=None)
@given(_pictures())
def test_any_picture(grey: Grey) -> None:
    """Any picture ends in a canonical digit, of which some ink is strong, or is blank."""
    try:
        image = canonicalise(from_pixels(grey)).image
    except BlankImageError:
        return

    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    assert image.max() >= 128


class TestWarnings:
    """What the answer warns of."""

    def test_faint(self) -> None:
        """Pencil on grey paper is found, with a warning."""
        seen = preprocess(encode(draw(ink=170, paper=200)), LIMITS)

        assert seen.warnings == ("The digit has little contrast with its background.",)

    def test_border(self) -> None:
        """A digit that is cut by the border is found, with a warning."""
        seen = preprocess(encode(draw(at=(0.2, -0.15, 0.6))), LIMITS)

        assert seen.warnings == ("The digit touches the image's border and may be cut off.",)

    def test_several_parts(self) -> None:
        """A digit that is read although another stands apart from it comes with a warning."""
        image = draw(at=(0.3, 0.1, 0.35))
        image.paste(draw(at=(0.6, 0.62, 0.35)).crop((160, 170, 280, 270)), (160, 170))

        seen = preprocess(encode(image), LIMITS)

        assert seen.warnings == ("There are several parts of digit size; one was read.",)


class TestBounds:
    """Large or hostile pictures cost little."""

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
    def test_large_pictures_are_reduced(self, mode: str) -> None:
        """A large picture of any mode is read at working size, and is the same digit."""
        grey = draw(size=(1700, 1700))
        deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
        image = deep if mode == "I;16" else grey.convert(mode)

        seen = preprocess(encode(image), LIMITS)

        assert seen.steps[0] == "reduced"
        assert seen.ink_box.bottom > 1200
        expected = preprocess(encode(grey), LIMITS).image.astype(int)
        assert np.abs(seen.image.astype(int) - expected).mean() < 4


class TestRefusals:
    """Uploads that cannot be used."""

    @pytest.mark.parametrize("grey", [0, 128, 255])
    def test_blank(self, grey: int) -> None:
        """An even picture has no ink."""
        with pytest.raises(BlankImageError, match="shows no ink"):
            preprocess(encode(Image.new("L", (100, 100), grey)), LIMITS)

    def test_blank_within_margins(self) -> None:
        """A small picture with nothing within its frame is blank."""
        image = Image.new("L", (32, 32), 60)
        image.paste(230, (3, 3, 30, 30))

        with pytest.raises(BlankImageError):
            preprocess(encode(image), LIMITS)

    def test_blank_in_colour(self) -> None:
        """A coloured picture without ink is blank, in brightness and in colour."""
        image = Image.new("RGB", (80, 60), (200, 120, 90))

        with pytest.raises(BlankImageError):
            preprocess(encode(image), LIMITS)

    def test_grain_is_no_ink(self) -> None:
        """Faint grain of paper is no ink."""
        grain = np.random.default_rng(0).normal(230, 3, (200, 200)).astype(np.uint8)

        with pytest.raises(BlankImageError):
            preprocess(encode(Image.fromarray(grain)), LIMITS)

    def test_too_many_pixels(self) -> None:
        """The bound on pixels is stated."""
        with pytest.raises(ImageTooLargeError, match=r"280x280 pixels; at most 0\.01 megapixels"):
            preprocess(encode(draw()), UploadLimits(max_pixels=10_000))

    @settings(max_examples=200, deadline=None)
    @given(data=st.binary(max_size=400))
    def test_arbitrary_bytes(self, data: bytes) -> None:
        """Arbitrary bytes end in an answer or one of our errors."""
        _answer_or_our_error(data)

    @settings(max_examples=200, deadline=None)
    @given(
        data=st.data(), file_format=st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
    )
    def test_damaged_files(self, data: st.DataObject, file_format: str) -> None:
        """A file with bytes changed or cut off ends in an answer or one of our errors."""
        file = bytearray(encode(draw(size=(64, 64)), file_format))
        for _ in range(data.draw(st.integers(1, 8))):
            file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))

        _answer_or_our_error(bytes(file[: data.draw(st.integers(1, len(file)))]))


def _answer_or_our_error(data: bytes) -> None:
    """Preprocess bytes; any exception that is not ours fails the test."""
    try:
        digit = preprocess(data, UploadLimits(max_pixels=1_000_000)).image
    except UploadError:
        return
    assert digit.shape == (28, 28)
