"""Images of every kind that a program has at hand, as the bytes of a file."""

import io
import os
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Union

if TYPE_CHECKING:  # neither is needed to send files
    from numpy import uint8
    from numpy.typing import NDArray
    from PIL import Image

ImageSource = Union[str, os.PathLike[str], bytes, BinaryIO, "Image.Image", "NDArray[uint8]"]
"""A path, the bytes of a file, an open file, a Pillow image, or uint8 [H, W], [H, W, 3] or [H, W, 4]."""

_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}  # channels: grey, RGB, RGBA (PNG specification, table 11.1)
_NO_PIXELS = "Pixels are uint8 [H, W], [H, W, 3] or [H, W, 4], not {} {}."


def read_image(image: ImageSource) -> bytes:
    """Return an image as the bytes of a file.

    Args:
        image: Where it is; see `ImageSource`. Pixels become a PNG, losslessly.

    Raises:
        OSError: If a file cannot be read.
        ValueError: If an array is not of uint8, or not of a picture's shape.
    """
    if isinstance(image, bytes):
        return image
    if isinstance(image, (str, os.PathLike)):
        return Path(image).read_bytes()
    if hasattr(image, "save"):
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        return buffer.getvalue()
    return image.read() if hasattr(image, "read") else _write_png(image)


def to_parts(images: Iterable[ImageSource]) -> list[tuple[str, tuple[str, bytes]]]:
    """Return images as the files of a form; one that has no name is numbered."""
    return [("file", (_name(image, at), read_image(image))) for at, image in enumerate(images)]


def _name(image: ImageSource, at: int) -> str:
    return Path(image).name if isinstance(image, (str, os.PathLike)) else f"part-{at}"


def _write_png(pixels: "NDArray[uint8]") -> bytes:
    """Write pixels as a PNG without filters: quick, and needs no package."""
    height, width, channels = (*pixels.shape, 1, 1)[:3]
    if str(pixels.dtype) != "uint8" or pixels.ndim not in {2, 3} or channels not in _COLOUR_TYPES:
        raise ValueError(_NO_PIXELS.format(pixels.dtype, pixels.shape))
    header = width.to_bytes(4) + height.to_bytes(4) + bytes((8, _COLOUR_TYPES[channels], 0, 0, 0))
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in pixels), 1)  # 0: not filtered
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND")


def _chunk(kind: bytes, data: bytes = b"") -> bytes:
    """Write one chunk of a PNG: length, kind, data, checksum."""
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)
