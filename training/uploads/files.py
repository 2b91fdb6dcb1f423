"""Files: a rendered picture in a format that uploads of its kind come in.

picture, kind or format -> Pillow -> bytes
"""

import io
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from training.uploads.scene import Rng

Picture = npt.NDArray[np.uint8]
_ORIENTATION = 0x0112  # EXIF 2.3, section 4.6.4
# EXIF orientation to the quarter turns, counter-clockwise, that a viewer has to undo.
_TURNS = {3: 2, 6: 1, 8: 3}


def _save(picture: Picture, _: Rng, *, name: str, **options: Any) -> bytes:
    """Write a picture with Pillow."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, name, **options)
    return buffer.getvalue()


def _jpeg(picture: Picture, rng: Rng, *, qualities: tuple[int, int]) -> bytes:
    """Write a JPEG of a quality from a range; transparency is laid over white."""
    quality = int(rng.integers(*qualities))
    return _save(_opaque(picture), rng, name="JPEG", quality=quality)


def _turned(picture: Picture, rng: Rng) -> bytes:
    """Write a JPEG as a phone held sideways does: turned, with the turn in its EXIF."""
    orientation = int(rng.choice(tuple(_TURNS)))
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    turned = np.ascontiguousarray(np.rot90(_opaque(picture), _TURNS[orientation]))
    return _save(turned, rng, name="JPEG", quality=90, exif=exif)


def _fax(picture: Picture, _: Rng) -> bytes:
    """Write a TIFF of one bit per pixel, compressed as faxes are."""
    grey = np.asarray(Image.fromarray(_opaque(picture)).convert("L"))
    middle = (int(grey.min()) + int(grey.max())) / 2
    buffer = io.BytesIO()
    Image.fromarray(grey > middle).save(buffer, "TIFF", compression="group4")
    return buffer.getvalue()


def _opaque(picture: Picture) -> Picture:
    """Lay a transparent picture over white, or over black if its ink is light."""
    if picture.shape[2:] != (4,):
        return picture
    alpha = picture[..., 3:].astype(np.float32) / 255
    colour = picture[..., :3].astype(np.float32)
    is_light = float((colour * alpha).sum()) > 128 * 3 * float(alpha.sum())
    ground = 0.0 if is_light else 255.0
    return np.asarray(colour * alpha + ground * (1 - alpha), np.uint8)


FORMATS: Mapping[str, Callable[[Picture, Rng], bytes]] = {
    "png": partial(_save, name="PNG"),
    "jpeg": partial(_jpeg, qualities=(75, 96)),
    "jpeg-low": partial(_jpeg, qualities=(25, 55)),
    "jpeg-turned": _turned,
    "webp": partial(_save, name="WEBP", quality=80),
    "webp-lossless": partial(_save, name="WEBP", lossless=True),
    "gif": partial(_save, name="GIF"),
    "bmp": partial(_save, name="BMP"),
    "tiff": partial(_save, name="TIFF", compression="tiff_lzw"),
    "tiff-fax": _fax,
}
PHOTO = ("jpeg", "jpeg", "jpeg", "jpeg-turned", "webp", "png")
DRAWING = ("png", "png", "png", "gif", "webp-lossless", "bmp", "jpeg", "tiff")
SMALL = ("png", "png", "png", "bmp", "gif", "webp-lossless")
KIND_FORMATS: Mapping[str, tuple[str, ...]] = {
    "transparent-png": ("png", "png", "png", "webp-lossless"),
    "fax": ("tiff-fax", "tiff-fax", "png", "gif"),
    "jpeg-blocks": ("jpeg", "png"),
    "low-contrast": ("png", "bmp", "jpeg"),
    **dict.fromkeys(("small-hard-drawing", "small-soft-drawing", "small-brush-drawing"), SMALL),
    **dict.fromkeys(("grey-16x16", "counts-8x8"), SMALL),
    **dict.fromkeys(
        (
            "dark-on-white",
            "light-on-dark",
            "coloured-pen",
            "thin-pen",
            "thick-marker",
            "touching-border",
            "tiny-off-centre",
            "paint-drawing",
            "tablet-drawing",
            "neon-drawing",
            "poster-print",
        ),
        DRAWING,
    ),
}


def encode(picture: Picture, kind_or_format: str, rng: Rng) -> bytes:
    """Write a picture as the bytes of a file.

    Args:
        picture: uint8 [H, W], [H, W, 3] RGB, or [H, W, 4] RGBA.
        kind_or_format: One of `FORMATS`, or the kind of upload, which has formats of its own:
            photos mostly JPEG, drawings mostly PNG, faxes one-bit TIFF.
        rng: Draws the format, its quality, and how a phone was held.

    Returns:
        The file. Small pictures and drawings lose nothing, unless they are sent as JPEG.
    """
    write = FORMATS.get(kind_or_format)
    if write is None:
        formats = _formats(picture, kind_or_format)
        write = FORMATS[formats[int(rng.integers(len(formats)))]]
    return write(picture, rng)


def _formats(picture: Picture, kind: str) -> tuple[str, ...]:
    """Return the formats that uploads of a kind come in, likelier ones more than once."""
    if picture.shape[2:] == (4,):
        return KIND_FORMATS["transparent-png"]
    return KIND_FORMATS.get(kind, SMALL if max(picture.shape) <= 64 else PHOTO)
