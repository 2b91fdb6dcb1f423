"""Decoding: bytes of a client to an upright grey picture, within bounds.

bytes -> open_image (header, checks) -> decode (Pillow, EXIF orientation, alpha) -> grey uint8 [H, W]
"""

import contextlib
import functools
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile

from service.errors import (
    BrokenImageError,
    EmptyUploadError,
    ImageTooLargeError,
    UnsupportedMediaError,
)
from service.preprocessing.first_frame import SIGNATURE as GIF_SIGNATURE
from service.preprocessing.first_frame import FirstFrame
from service.preprocessing.flattening import OPAQUE, flatten, is_transparent
from service.preprocessing.geometry import Box
from service.preprocessing.hidden_work import check_hidden_work
from service.preprocessing.plain_png import SIGNATURE as PNG_SIGNATURE
from service.preprocessing.plain_png import read_plain_png
from service.preprocessing.progressive import without_detail
from service.preprocessing.shrinking import shrink

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
SIGNATURES = {  # of the formats whose first bytes no other file has
    PNG_SIGNATURE: "PNG",
    b"\xff\xd8\xff": "JPEG",
    GIF_SIGNATURE: "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}
WORKING_SIDE = 400  # pixels; a digit that fills a twentieth of the picture still has 20
DRAFT_SIDE = 320  # pixels; a JPEG that decodes to so many in an eighth, a quarter or half is decoded to no more
LEAST_DRAFT = 8  # a JPEG can be decoded to an eighth at least
MEGAPIXEL = 1_000_000
GREY_MODES = frozenset({"1", "L", "LA", "I", "F", "I;16", "I;16B", "I;16L", "I;16N"})
ORIENTATION_TAG = 0x0112  # EXIF 2.3, section 4.6.4
TURNED, ON_ITS_SIDE = range(2, 9), range(5, 9)  # its values of pictures that do not lie upright

# Pillow's own bound only warns at first; ours is checked on every header, before decoding.
Image.MAX_IMAGE_PIXELS = None

Grey = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class UploadLimits:
    """Bounds of one image.

    Attributes:
        max_pixels: Width times height that is decoded, in pixels; checked on the header alone.
    """

    max_pixels: int = 50 * MEGAPIXEL


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes:
        grey: uint8 [H, W], upright; no side longer than `WORKING_SIDE`.
        scale: Pixels of the upload per pixel of `grey`, at least 1.
        steps: Names of the decoding steps that changed the picture.
        shape: Height and width of the upright upload, in pixels; None: those of `grey`.
        in_colour: Gives what its colours differ by, as grey, or None over a background; None for grey files.
    """

    grey: Grey
    scale: float = 1.0
    steps: tuple[str, ...] = ()
    shape: tuple[int, int] | None = None
    in_colour: "Callable[[], Picture | None] | None" = None

    def in_upload(self, box: Box) -> Box:
        """Return a box of `grey` in pixels of the upright upload."""
        return box.scaled(self.scale).within(self.shape or self.grey.shape)


class OpenedImage:
    """An image file whose header was read and is within bounds, and whose pixels are still packed.

    Attributes:
        width: In pixels.
        height: In pixels.
    """

    def __init__(self, image: Image.Image, upload: bytes) -> None:
        self._image = image
        self._upload = upload
        self.width, self.height = image.size

    @property
    def num_pixels(self) -> int:
        """Width times height."""
        return self.width * self.height

    def decode(self) -> Picture:
        """Decode to an upright grey picture of working size; once only, in any thread.

        The first frame counts. Transparent parts show the background that `flatten` chooses.

        Raises:
            BrokenImageError: If it is truncated or damaged.
        """
        image = self._image
        if _is_ready(image):
            return Picture(np.asarray(image))
        has_colours = image.mode not in GREY_MODES
        is_jpeg = isinstance(image, JpegImageFile)
        with _telling_damage(image):
            orientation, small = _load(image, "L")
            grey = flatten(small)
        steps = ("rotated",) if orientation in TURNED else ()
        shape = (
            (self.width, self.height) if orientation in ON_ITS_SIDE else (self.height, self.width)
        )
        if image.format == "TIFF":  # which Pillow itself has turned
            shape = (image.height, image.width)
        picture = _at_working_size(grey, shape, steps)
        if not has_colours:
            return picture
        # Of a JPEG no colours were decoded, and of any other file they are at hand.
        colours = functools.partial(_load_colours, self._upload) if is_jpeg else lambda: small
        return replace(picture, in_colour=functools.partial(_by_colour, picture, colours))


@contextlib.contextmanager
def _telling_damage(image: Image.Image) -> Iterator[None]:
    """Say that an image is damaged where it cannot be read."""
    try:
        yield
    except Exception as cause:  # decoders of untrusted bytes raise nearly everything
        raise _broken(str(image.format)) from cause


def _at_working_size(
    grey: Image.Image, shape: tuple[int, int], steps: tuple[str, ...] = ()
) -> Picture:
    """Bring a grey picture to working size, given the upload's height and width and the steps before."""
    grey.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.BOX)
    scale = max(shape) / max(grey.size)
    return Picture(np.asarray(grey), scale, (*steps, *(["reduced"] if scale > 1 else [])), shape)


def _load(image: Image.Image, mode: str) -> tuple[int, Image.Image]:
    """Decode an image to about working size, upright.

    Args:
        image: Whose header was read; it is closed.
        mode: Of which a JPEG decodes no more: `L` or `YCbCr`.

    Returns:
        By its EXIF tag how it lay, and the image.
    """
    with image:
        if isinstance(image, JpegImageFile):
            # Decodes at 1/2, 1/4 or 1/8 of the size, in a fraction of the time.
            image.draft(mode, _draft_size(image))
        orientation = image.getexif().get(ORIENTATION_TAG, 1)
        image.load()  # which turns a TIFF, and forgets its tag
        small = shrink(image, WORKING_SIDE)
        return orientation, ImageOps.exif_transpose(small) if orientation in TURNED else small


def _load_colours(upload: bytes) -> Image.Image:
    """Decode a JPEG, of whose pixels the brightness was read, with its colours."""
    image = _read_header(upload)
    with _telling_damage(image):
        return _load(image, "YCbCr")[1]


def _by_colour(picture: Picture, load: Callable[[], Image.Image]) -> Picture | None:
    """Return the difference of colour, blue or red from brightness, that varies more; None over a background."""
    colours = load()
    if is_transparent(colours):
        colours = colours.convert("RGBA")
        if colours.getchannel("A").getextrema()[0] != OPAQUE:
            return None
    _, *differences = colours.convert("RGB").convert("YCbCr").split()
    grey = max(differences, key=_variance)
    grey.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.BOX)
    steps = (*picture.steps, "by-colour")
    return replace(picture, grey=np.asarray(grey), steps=steps)


def _variance(channel: Image.Image) -> float:
    """Return how much the pixels of a channel differ."""
    return float(np.asarray(channel).var())


def open_image(upload: bytes, limits: UploadLimits) -> OpenedImage:
    """Read the header of an image file and check what it says, without decoding.

    Raises:
        EmptyUploadError: If there are no bytes.
        UnsupportedMediaError: If the bytes are no image of a format that we take.
        BrokenImageError: If they begin as one, but its header is truncated or damaged.
        ImageTooLargeError: If it has more pixels than allowed, or hides more work than any program writes.
    """
    if not upload:
        raise EmptyUploadError(
            "The upload is empty. Send the bytes of one image file, as a multipart file or as the body."
        )
    image = _read_header(upload)
    opened = OpenedImage(image, upload)
    if opened.num_pixels > limits.max_pixels:
        raise ImageTooLargeError(
            f"The image has {opened.width}x{opened.height} pixels; at most "
            f"{limits.max_pixels / MEGAPIXEL:g} megapixels are accepted. Send it in a smaller size."
        )
    check_hidden_work(image, upload)
    if "progressive" in image.info and max(image.size) >= LEAST_DRAFT * DRAFT_SIDE:
        shortened = without_detail(upload)
        return OpenedImage(_read_header(shortened), shortened)
    return opened


def _read_header(upload: bytes) -> Image.Image:
    """Open a file; where that fails, say what it is by its first bytes."""
    try:
        return _open(upload)
    except Exception as cause:  # a damaged header raises nearly everything
        for signature, name in SIGNATURES.items():
            if upload.startswith(signature):
                raise _broken(name) from cause
        raise UnsupportedMediaError(
            f"The upload is not an image of a format that we take: it starts with {_start(upload)}. "
            f"Send one of {', '.join(FORMATS)}."
        ) from cause


def _open(upload: bytes) -> Image.Image:
    """Let Pillow read the header of a file; a small plain PNG is decoded at once."""
    if plain := read_plain_png(upload):
        return plain
    if upload.startswith(GIF_SIGNATURE):
        return FirstFrame(io.BytesIO(upload))
    return Image.open(io.BytesIO(upload), formats=FORMATS)


def _broken(name: str) -> BrokenImageError:
    """Say that an image of a format is damaged."""
    return BrokenImageError(
        f"The {name} image is truncated or damaged and could not be read to its end. "
        "Send the whole file, or save the image anew."
    )


def _start(upload: bytes) -> str:
    """Quote the first bytes of an upload in printable form."""
    return repr(upload[:8])[1:]


def _is_ready(image: Image.Image) -> bool:
    """Tell whether an image is a small plain PNG that was decoded as it was opened, and grey."""
    return image.format is None and image.mode == "L" and max(image.size) <= WORKING_SIDE


def _draft_size(image: Image.Image) -> tuple[int, int]:
    """Return the least size to decode to, of the picture's own shape: Pillow keeps to both of its sides."""
    longer = max(image.size)
    width, height = image.size
    return max(1, width * DRAFT_SIDE // longer), max(1, height * DRAFT_SIDE // longer)


def from_pixels(pixels: npt.NDArray[np.uint8]) -> Picture:
    """Make a picture of pixels, as `decode` makes it of a file.

    Args:
        pixels: uint8 [H, W] grey, [H, W, 3] RGB or [H, W, 4] RGBA.
    """
    height, width = pixels.shape[:2]
    return _at_working_size(flatten(shrink(Image.fromarray(pixels), WORKING_SIDE)), (height, width))
