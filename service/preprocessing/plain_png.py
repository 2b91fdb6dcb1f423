"""Plain PNGs: small ones of the commonest form, read in half the time that Pillow takes for their chunks.

    bytes -> chunks -> compressed rows -> Pillow's decoder -> image; whatever else -> nothing, and Pillow reads it

A PNG is plain if it has 8 bits a channel, no palette, is not interlaced, and says nothing that changes its
pixels. One that is damaged in any way is not plain either: what to say of it is Pillow's to find out.

Source: Portable Network Graphics (PNG) Specification (Third Edition), sections 5 and 11.
"""

import struct
from zlib import crc32

from PIL import Image

MAX_PIXELS = 100_000  # for larger ones the time of the chunks does not count
MAX_CHUNKS = 32  # programs write one to ten for so few pixels
MODES = {0: "L", 2: "RGB", 4: "LA", 6: "RGBA"}  # by the header's type of colour
NO_PIXELS = frozenset({b"sRGB", b"gAMA", b"cHRM", b"pHYs"})  # chunks that leave pixels as they are
SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = struct.Struct(">8sI4sII5B")  # signature, length, name; width, height, and five numbers
_HEADER_END = 33  # with its check sum
_CHUNK = struct.Struct(">I4s")  # length, name; then come the data and their check sum
_NUM_BYTES_AROUND = 12  # of a chunk, besides its data


def read_plain_png(upload: bytes) -> Image.Image | None:
    """Decode a plain PNG of at most `MAX_PIXELS`.

    Returns:
        The image, of one of `MODES`; None if the upload is anything else.
    """
    if len(upload) < _HEADER_END:
        return None
    signature, length, name, width, height, depth, colour, *methods = _HEADER.unpack_from(upload)
    is_plain = (
        (signature, length, name, depth) == (SIGNATURE, 13, b"IHDR", 8)
        and 0 < width * height <= MAX_PIXELS
        and colour in MODES
        and not any(methods)  # of compression, filters and interlacing
        and _is_whole(upload, 8, _HEADER_END)
    )
    rows = _read_rows(upload) if is_plain else b""
    if not rows:
        return None
    mode = MODES[colour]
    try:
        return Image.frombytes(mode, (width, height), rows, "zip", mode)
    except ValueError:  # there are too few, or they are damaged
        return None


def _read_rows(upload: bytes) -> bytes:
    """Join the compressed rows of a PNG; nothing, if any other chunk says something about its pixels."""
    at = _HEADER_END
    rows: list[bytes] = []
    for _ in range(MAX_CHUNKS):
        if at + _NUM_BYTES_AROUND > len(upload):
            break
        length, name = _CHUNK.unpack_from(upload, at)
        end = at + _NUM_BYTES_AROUND + length
        if end > len(upload) or not _is_whole(upload, at, end):
            break
        if name == b"IEND":
            return b"".join(rows)
        if name == b"IDAT":
            rows.append(upload[at + 8 : end - 4])
        elif rows or name not in NO_PIXELS:
            break
        at = end
    return b""


def _is_whole(upload: bytes, at: int, end: int) -> bool:
    """Tell whether the check sum of a chunk is that of its name and data."""
    return crc32(upload[at + 4 : end - 4]) == int.from_bytes(upload[end - 4 : end], "big")
