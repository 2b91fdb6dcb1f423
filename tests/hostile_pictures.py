"""Pictures that are made to hurt whoever decodes them, written by code, none larger than 300 kB."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image

from tests.hostile_files import gif_to_be_cleared, png_bomb, zip_of_zips
from tests.pictures import draw, encode

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, PALETTE = 0, 3  # colour types of PNG; its specification, section 11.2.2
NUM_BOMB_BYTES = 30_000_000  # of zeros, which deflate packs into 30 kB


def png_chunk(name: bytes, data: bytes) -> bytes:
    """Write a chunk of a PNG with its checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(
    *chunks: bytes,
    size: tuple[int, int] = (8, 8),
    depth: int = 8,
    colour: int = GREY,
    rows: bytes | None = None,
) -> bytes:
    """Write a PNG whose parts need not fit together.

    Args:
        *chunks: Whole chunks between header and pixels.
        size: Width and height that the header claims.
        depth: Bits of a sample that it claims.
        colour: Colour type that it claims.
        rows: Filter bytes and samples; by default those of eight rows of eight.
    """
    header = struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0)
    pixels = zlib.compress(
        b"".join(b"\0" + bytes(range(8)) for _ in range(8)) if rows is None else rows
    )
    parts = (png_chunk(b"IHDR", header), *chunks, png_chunk(b"IDAT", pixels))
    return PNG_SIGNATURE + b"".join(parts) + png_chunk(b"IEND", b"")


def tiff(entries: list[tuple[int, int, int, int]], *, next_folder: int = 0) -> bytes:
    """Write a little-endian TIFF of one folder and 256 bytes behind it.

    Args:
        entries: Tag, type, count and value or offset of each; TIFF 6.0, section 2.
        next_folder: Where the next folder is said to be; 8 is the folder itself.
    """
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    folder = struct.pack("<H", len(entries)) + packed + struct.pack("<I", next_folder)
    return b"II*\0" + struct.pack("<I", 8) + folder + bytes(256)


def _grey_tiff(*more: tuple[int, int, int, int], size: int = 8, next_folder: int = 0) -> bytes:
    """Write a grey TIFF of 8 bits with tags of a test's choice; a repeated tag is the last one's."""
    usual = [
        (256, 4, 1, size),
        (257, 4, 1, size),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 160),
        (277, 3, 1, 1),
        (278, 4, 1, size),
        (279, 4, 1, min(size * size, 64)),
    ]
    by_tag = {entry[0]: entry for entry in (*usual, *more)}
    return tiff([by_tag[tag] for tag in sorted(by_tag)], next_folder=next_folder)


def jpeg_segment(marker: int, data: bytes) -> bytes:
    """Write a segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def jpeg_with(segment: bytes) -> bytes:
    """Draw a 7 as a JPEG with a segment of a test's choice in front."""
    whole = encode(draw(), "JPEG")
    return whole[:2] + segment + whole[2:]


def _animated(file_format: str, **options: object) -> bytes:
    """Write a picture of several frames."""
    frames = [draw(at=(0.1 * place, 0.2, 0.5)).convert("RGB") for place in range(4)]
    return encode(frames[0], file_format, save_all=True, append_images=frames[1:], **options)


def _polyglot() -> bytes:
    """Write a PNG that is a zip too."""
    buffer = io.BytesIO(encode(draw()))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("7/a.png", b"no picture")
    return buffer.getvalue()


def _exif_loop() -> bytes:
    """Write EXIF whose folder is its own next one and its own sub-folder."""
    folder = tiff([(0x0112, 3, 1, 6), (0x8769, 4, 1, 8), (0x8825, 4, 1, 8)], next_folder=8)
    return jpeg_with(jpeg_segment(0xE1, b"Exif\0\0" + folder))


def _huge_exif_count() -> bytes:
    """Write EXIF that claims four thousand million orientations."""
    folder = tiff([(0x0112, 3, 0xFFFFFFFF, 26)])
    return jpeg_with(jpeg_segment(0xE1, b"Exif\0\0" + folder))


def _text_bomb(name: bytes, head: bytes) -> bytes:
    """Write a PNG with a text, or a profile, that unpacks to 30 MB; twice."""
    chunk = png_chunk(name, head + zlib.compress(bytes(NUM_BOMB_BYTES)))
    return png(chunk, chunk)


def _deep(values: np.ndarray, file_format: str = "TIFF") -> bytes:
    """Write a picture of a type that has more than 8 bits."""
    return encode(Image.fromarray(values), file_format)


def _mpo() -> bytes:
    """Write two pictures in one MPO, the format of stereo cameras, which begins as a JPEG."""
    return encode(
        draw().convert("RGB"), "MPO", save_all=True, append_images=[draw().convert("RGB")]
    )


def jpeg_of_many_scans(num_scans: int) -> bytes:
    """Write a JPEG of 4 megapixels that repeats its last scan; each costs a pass over all of it."""
    whole = encode(Image.new("L", (2000, 2000), 255), "JPEG", progressive=True)
    scan = whole.rfind(b"\xff\xc4", 0, whole.rfind(b"\xff\xda"))  # from its table on
    return whole[:-2] + num_scans * whole[scan:-2] + whole[-2:]


def tiled_tiff(side: int, tile_side: int) -> bytes:
    """Write a grey TIFF of one tile of zeros, which deflate packs a thousandfold."""
    tile = zlib.compress(bytes(tile_side * tile_side))
    tags = [(259, 3, 1, 8), (322, 4, 1, tile_side), (323, 4, 1, tile_side)]
    start = len(_grey_tiff(*tags, (324, 4, 1, 0), (325, 4, 1, 0))) - 256
    return _grey_tiff(*tags, (324, 4, 1, start), (325, 4, 1, len(tile)), size=side)[:start] + tile


def _gif_bad_index() -> bytes:
    """Write a GIF of 2 colours whose pixels name colour 255."""
    image = Image.new("P", (60, 60), 255)
    image.putpalette([0, 0, 0, 255, 255, 255])
    whole = encode(image, "GIF", optimize=False)
    return whole[:10] + bytes([whole[10] & 0xF8]) + whole[11:19] + whole[13 + 3 * 256 :]


def _bmp(width: int, height: int, bits: int, compression: int = 0) -> bytes:
    """Write a BMP whose header need not fit its 300 bytes of pixels."""
    info = struct.pack(
        "<IiiHHIIiiII", 40, width, height, 1, bits, compression, 0, 1, 1, 0xFFFFFFFF, 0
    )
    return b"BM" + struct.pack("<IHHI", 400, 0, 0, 54) + info + bytes(range(250)) + bytes(50)


def bmp_of_short_runs(width: int, height: int) -> bytes:
    """Write a run-length encoded BMP of one pixel a row; what fills the rows is the decoder's to do."""
    rows = (
        b"\1\1\0\0" * height + b"\0\1"
    )  # one pixel of colour 1, end of the row; end of the picture
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(rows), 1, 1, 256, 0)
    start = 14 + len(info) + 4 * 256
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + info + bytes(1024) + rows


def _webp(claimed: int) -> bytes:
    """Write a WEBP whose RIFF header claims a length."""
    whole = encode(draw(), "WEBP")
    return whole[:4] + struct.pack("<I", claimed) + whole[8:]


_MAKERS: dict[str, Callable[[], bytes]] = {
    "good-png": lambda: encode(draw()),
    "png-cut": lambda: encode(draw())[:300],
    "png-cut-in-header": lambda: encode(draw())[:20],
    "png-signature-alone": lambda: PNG_SIGNATURE,
    "png-bomb": png_bomb,
    "png-zero-size": lambda: png(size=(0, 0)),
    "png-no-width": lambda: png(size=(0, 8)),
    "png-largest-size": lambda: png(size=(0x7FFFFFFF, 0x7FFFFFFF)),
    "png-negative-size": lambda: png(size=(0xFFFFFFFF, 0xFFFFFFFF)),
    "png-line": lambda: png(size=(50_000_000, 1)),
    "png-column": lambda: png(size=(1, 50_000_000)),
    "png-few-rows": lambda: png(size=(200, 200)),
    "png-depth-3": lambda: png(depth=3),
    "png-16-bit": lambda: _deep(np.asarray(draw()).astype(np.uint16) * 257, "PNG"),
    "png-no-palette": lambda: png(colour=PALETTE),
    "png-palette-bad-index": lambda: png(png_chunk(b"PLTE", b"\0\0\0"), colour=PALETTE),
    "png-palette-odd-length": lambda: png(png_chunk(b"PLTE", b"\0" * 7), colour=PALETTE),
    "png-transparency-too-long": lambda: png(
        png_chunk(b"PLTE", b"\0" * 6), png_chunk(b"tRNS", b"\0" * 900), colour=PALETTE
    ),
    "png-transparency-cut": lambda: png(png_chunk(b"tRNS", b"\0")),
    "png-bad-checksum": lambda: encode(draw())[:-16] + b"\0" * 16,
    "png-chunk-of-4-gb": lambda: png(struct.pack(">I", 0xFFFFFFFF) + b"tEXt"),
    "png-text-bomb": lambda: _text_bomb(b"zTXt", b"note\0\0"),
    "png-international-text-bomb": lambda: _text_bomb(b"iTXt", b"note\0\1\0\0\0"),
    "png-profile-bomb": lambda: _text_bomb(b"iCCP", b"icc\0\0"),
    "png-many-texts": lambda: png(*[png_chunk(b"tEXt", b"a\0b")] * 10_000),
    "png-exif-loop": lambda: png(
        png_chunk(b"eXIf", tiff([(0x0112, 3, 1, 6), (0x8769, 4, 1, 8)], next_folder=8))
    ),
    "png-odd-orientation": lambda: png(png_chunk(b"eXIf", tiff([(0x0112, 2, 4, 0x41414141)]))),
    "png-hex-exif": lambda: png(png_chunk(b"tEXt", b"Raw profile type exif\0\nexif\n 9\nzz\n")),
    "apng": lambda: _animated("PNG"),
    "apng-no-frames": lambda: png(png_chunk(b"acTL", struct.pack(">II", 0, 0))),
    "apng-frame-outside": lambda: png(
        png_chunk(b"acTL", struct.pack(">II", 2, 0)),
        png_chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 99, 99, 9999, 9999, 0, 0, 0, 0)),
    ),
    "apng-most-frames": lambda: png(png_chunk(b"acTL", struct.pack(">II", 0x7FFFFFFF, 0))),
    "mpo": _mpo,
    "jpeg-cut": lambda: encode(draw(), "JPEG")[:600],
    "jpeg-start-alone": lambda: b"\xff\xd8\xff",
    "jpeg-exif-loop": _exif_loop,
    "jpeg-exif-count": _huge_exif_count,
    "jpeg-cmyk": lambda: encode(draw().convert("CMYK"), "JPEG"),
    "jpeg-cmyk-odd-profile": lambda: encode(
        draw().convert("CMYK"), "JPEG", icc_profile=b"\xff" * 70_000
    ),
    "jpeg-profile-cut": lambda: jpeg_with(jpeg_segment(0xE2, b"ICC_PROFILE\0\x01\xff" + b"a" * 9)),
    "jpeg-adobe": lambda: jpeg_with(jpeg_segment(0xEE, b"Adobe" + bytes(6) + b"\xff")),
    "jpeg-photoshop": lambda: jpeg_with(
        jpeg_segment(0xED, b"Photoshop 3.0\x008BIM\xff\xff\xff\xff\xff\xff")
    ),
    "jpeg-mpo-index": lambda: jpeg_with(jpeg_segment(0xE2, b"MPF\0" + tiff([(45057, 4, 1, 99)]))),
    "jpeg-no-size": lambda: encode(draw(), "JPEG").replace(b"\x01\x18\x01\x18", b"\0\0\0\0", 1),
    "jpeg-largest-size": lambda: encode(draw(), "JPEG").replace(
        b"\x01\x18\x01\x18", b"\xff\xff\xff\xff", 1
    ),
    "jpeg-many-pictures": lambda: encode(draw(), "JPEG", progressive=True) * 20,
    "jpeg-many-scans": lambda: jpeg_of_many_scans(2000),
    "jpeg-many-segments": lambda: jpeg_with(jpeg_segment(0xFE, b"") * 60_000),
    "gif-animated": lambda: _animated("GIF", loop=0),
    "gif-cut": lambda: encode(draw(), "GIF")[:40],
    "gif-bad-index": _gif_bad_index,
    "gif-frame-outside": lambda: encode(draw(), "GIF").replace(
        b",\0\0\0\0", b",\xff\xff\xff\xff", 1
    ),
    "gif-to-be-cleared": gif_to_be_cleared,
    "gif-no-size": lambda: b"GIF89a\0\0\0\0\x80\0\0" + bytes(6) + b",\0\0\0\0\0\0\0\0\0\2\1\0;",
    "gif-largest-size": lambda: b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(30),
    "bmp-largest-size": lambda: _bmp(0x7FFFFFFF, 0x7FFFFFFF, 24),
    "bmp-smallest-height": lambda: _bmp(4, -0x80000000, 24),
    "bmp-negative-width": lambda: _bmp(-8, 8, 24),
    "bmp-run-length": lambda: _bmp(8, 8, 8, compression=1),
    "bmp-short-runs": lambda: bmp_of_short_runs(60_000, 800),
    "bmp-no-bits": lambda: _bmp(8, 8, 0),
    "bmp-jpeg-inside": lambda: _bmp(8, 8, 24, compression=4),
    "webp-cut": lambda: encode(draw(), "WEBP")[:60],
    "webp-length-0": lambda: _webp(0),
    "webp-length-4-gb": lambda: _webp(0xFFFFFFFF),
    "webp-animated": lambda: _animated("WEBP"),
    "tiff-16-bit": lambda: _deep(np.asarray(draw()).astype(np.uint16) * 257),
    "tiff-float-nan": lambda: _deep(np.full((60, 60), np.nan, np.float32)),
    "tiff-float-infinite": lambda: _deep(np.full((60, 60), np.inf, np.float32)),
    "tiff-int32": lambda: _deep(np.asarray(draw()).astype(np.int32) << 23),
    "tiff-folder-loop": lambda: _grey_tiff(next_folder=8),
    "tiff-no-tags": lambda: tiff([]),
    "tiff-many-tags": lambda: tiff([(tag, 4, 0x10000000, 8) for tag in range(200, 800)]),
    "tiff-zero-size": lambda: _grey_tiff(size=0),
    "tiff-largest-size": lambda: _grey_tiff(size=0x7FFFFFFF),
    "tiff-compression-99": lambda: _grey_tiff((259, 3, 1, 99)),
    "tiff-lzw-of-zeros": lambda: _grey_tiff((259, 3, 1, 5)),
    "tiff-jpeg-of-zeros": lambda: _grey_tiff((259, 3, 1, 7)),
    "tiff-strip-outside": lambda: _grey_tiff((273, 4, 1, 0xFFFFFFF0)),
    "tiff-strip-count": lambda: _grey_tiff((273, 4, 0x40000000, 8)),
    "tiff-bits-0": lambda: _grey_tiff((258, 3, 1, 0)),
    "tiff-samples-65535": lambda: _grey_tiff((277, 3, 1, 65535)),
    "tiff-planes": lambda: _grey_tiff((277, 3, 1, 3), (284, 3, 1, 2)),
    "tiff-tiles-of-0": lambda: _grey_tiff((322, 4, 1, 0), (323, 4, 1, 0), (324, 4, 1, 160)),
    "tiff-tile-bomb": lambda: tiled_tiff(8, 16_384),
    "tiff-type-99": lambda: _grey_tiff((256, 99, 1, 8)),
    "tiff-ascii-width": lambda: _grey_tiff((256, 2, 4, 0x41414141)),
    "tiff-cmyk": lambda: encode(draw().convert("CMYK"), "TIFF", icc_profile=b"\0" * 128),
    "tiff-odd-resolution": lambda: _grey_tiff((282, 5, 1, 160), (283, 5, 1, 0xFFFFFFFF)),
    "big-tiff": lambda: b"II\x2b\0\x08\0\0\0" + b"\xff" * 60,
    "polyglot-png-zip": _polyglot,
    "polyglot-gif-script": lambda: b"GIF89a/*" + b"\xff" * 40 + b"*/=1;alert(1)",
    "zip-of-zips": zip_of_zips,
    "svg": lambda: (
        b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
    ),
    "eps": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file\n",
    "nothing": bytes,
    "one-byte": lambda: b"\x89",
}


@cache
def hostile_pictures() -> dict[str, bytes]:
    """Return every hostile picture by its name."""
    return {name: make() for name, make in _MAKERS.items()}
