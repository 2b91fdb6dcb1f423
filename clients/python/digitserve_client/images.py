"""Images of every kind that a program has at hand, as the bytes of a file."""

import io
import os
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, Union

if TYPE_CHECKING:  # neither is needed to send files
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

ImageSource: TypeAlias = Union[
    str, os.PathLike[str], bytes, BinaryIO, "Image.Image", "npt.NDArray[np.uint8]"
]
"""A path, the bytes of a file, an open file, a Pillow image, or uint8 [H, W], [H, W, 3] or [H, W, 4]."""

_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}  # channels: grey, RGB, RGBA (PNG specification, table 11.1)


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
    return [
        ("file", (_name(image) or f"part-{at}", read_image(image)))
        for at, image in enumerate(images)
    ]


def _name(image: ImageSource) -> str:
    return Path(image).name if isinstance(image, (str, os.PathLike)) else ""


def _write_png(pixels: "npt.NDArray[np.uint8]") -> bytes:
    """Write pixels as a PNG without filters: quick, and needs no package."""
    height, width, channels = (*pixels.shape, 1, 1)[:3]
    if str(pixels.dtype) != "uint8" or pixels.ndim not in {2, 3} or channels not in _COLOUR_TYPES:
        raise ValueError(
            f"Pixels are uint8 [H, W], [H, W, 3] or [H, W, 4], not {pixels.dtype} {pixels.shape}."
        )
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)  # 0: not filtered
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    """Write one chunk of a PNG: length, kind, data, checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
