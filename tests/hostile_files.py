"""Files that are made to hurt a service: small to send, large or dangerous to read."""

import io
import struct
import zipfile
import zlib
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from tests.pictures import draw, encode


@cache
def png_bomb() -> bytes:
    """Write a whole PNG of 30,000x30,000 black pixels in 110 kB; decoded it takes 900 MB."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(30_000 * (1 + 30_000 // 8)))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def gif_to_be_cleared() -> bytes:
    """Write a GIF of 30,000x30,000 pixels in 36 bytes, which asks to be cleared before its next frame."""
    size = struct.pack("<HH", 30_000, 30_000)
    control = b"!\xf9\x04" + bytes([2 << 2]) + bytes(4)  # GIF89a, section 23
    return b"GIF89a" + size + bytes(3) + control + b"," + bytes(4) + size + b"\0\2\1\0\0;"


@cache
def largest_png() -> bytes:
    """Draw a 7 on 7,000x7,000 pixels with an alpha channel, just within the default bound."""
    return encode(_largest(), "PNG", compress_level=1)


@cache
def largest_blank() -> bytes:
    """Fill as many pixels with one colour, which is looked for ink in brightness and in colour."""
    return encode(Image.new("RGB", (7000, 7000), (40, 80, 190)), "PNG", compress_level=1)


@cache
def largest_webp() -> bytes:
    """Draw the same as a lossless WEBP, which takes more memory to decode than any other format."""
    return encode(_largest(), "WEBP", lossless=True, quality=0, method=0)


def _largest() -> Image.Image:
    """Draw a 7 on 49 megapixels, red, green, blue and alpha."""
    return draw(size=(7000, 7000)).convert("RGBA")


def largest_form() -> bytes:
    """Write a form with a file of zeros, 20 MiB in all, the default bound."""
    disposition = b'Content-Disposition: form-data; name="file"; filename="digit.png"'
    start, end = b"--x\r\n" + disposition + b"\r\n\r\n", b"\r\n--x--\r\n"
    return start + bytes(20 * 1024**2 - len(start) - len(end)) + end


def zip_of_zips() -> bytes:
    """Nest a zip of 100 MB of zeros in a digit's folder."""
    inner, outer = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("7/a.png", bytes(100_000_000))
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("7/inner.zip", inner.getvalue())
    return outer.getvalue()


class _Touch:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


def pickled_npz(marker: Path) -> bytes:
    """Hide a pickle in an npz; whoever unpickles it makes a file.

    Args:
        marker: The file that must never come to be.
    """
    buffer = io.BytesIO()
    np.savez(buffer, images=np.array([_Touch(marker)], dtype=object), labels=np.array([1]))
    return buffer.getvalue()
