"""Plain PNGs: the same pixels as from Pillow, or none."""

import io
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from PIL import Image

from service.preprocessing.plain_png import MAX_CHUNKS, MAX_PIXELS, MODES, read_plain_png
from service.routes.predict import INLINE_PIXELS
from tests.hostile_pictures import png_chunk
from tests.mutations import mutated
from tests.pictures import draw, encode

PNG = encode(draw(size=(40, 40)))
HEAD, REST = PNG[:33], PNG[33:]
PLAIN = [encode(draw(size=(40, 40)).convert(mode)) for mode in MODES.values()]


def read_by_pillow(upload: bytes) -> Image.Image:
    """Decode a file as Pillow does."""
    image = Image.open(io.BytesIO(upload), formats=["PNG"])
    image.load()
    return image


def noise(mode: str, size: tuple[int, int]) -> Image.Image:
    """Draw noise, whose rows Pillow writes with filters of every kind."""
    bands = len(Image.new(mode, (1, 1)).getbands())
    values = np.random.default_rng(7).integers(0, 256, (size[1], size[0], bands), np.uint8)
    shaded = np.cumsum(values // 32, axis=0, dtype=np.uint8)
    return Image.merge(mode, [Image.fromarray(shaded[..., band]) for band in range(bands)])


def animated() -> bytes:
    """Draw two frames."""
    buffer = io.BytesIO()
    draw().save(buffer, "PNG", save_all=True, append_images=[draw(size=(28, 28))])
    return buffer.getvalue()


def interlaced() -> bytes:
    """Mark rows that are in order as interlaced."""
    header = PNG[16:28] + b"\1"
    return PNG[:8] + png_chunk(b"IHDR", header) + REST


UNUSUAL: dict[str, Callable[[], bytes]] = {
    "another format": lambda: encode(draw(), "BMP"),
    "nothing": lambda: b"",
    "signature alone": lambda: PNG[:8],
    "palette": lambda: encode(draw().convert("P")),
    "one bit": lambda: encode(draw().convert("1")),
    "16 bits": lambda: encode(draw().convert("I;16")),
    "transparent grey": lambda: encode(draw(), transparency=255),
    "turned": lambda: encode(draw(), exif=b"MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"),
    "animated": animated,
    "interlaced": interlaced,
    "large": lambda: encode(Image.new("L", (MAX_PIXELS // 100 + 1, 100))),
    "many chunks": lambda: HEAD + MAX_CHUNKS * png_chunk(b"pHYs", bytes(9)) + REST,
    "chunk between rows": lambda: PNG[:-12] + png_chunk(b"pHYs", bytes(9)) + PNG[-12:],
    "bad check sum of the header": lambda: HEAD[:-1] + b"!" + REST,
    "bad check sum of the rows": lambda: PNG[:-13] + b"!" + PNG[-12:],
    "cut off": lambda: PNG[:-1],
    "few rows": lambda: HEAD + png_chunk(b"IDAT", REST[8:40]) + PNG[-12:],
    "no rows": lambda: HEAD + PNG[-12:],
}


class TestReadPlainPng:
    """`read_plain_png`."""

    @pytest.mark.parametrize("mode", MODES.values())
    @pytest.mark.parametrize("size", [(1, 1), (28, 28), (317, 211)])
    def test_same_as_pillow(self, mode: str, size: tuple[int, int]) -> None:
        """Plain files give Pillow's pixels."""
        upload = encode(noise(mode, size))

        image = read_plain_png(upload)

        assert image is not None
        assert (image.mode, image.size) == (mode, size)
        assert image.tobytes() == read_by_pillow(upload).tobytes()

    def test_chunks(self) -> None:
        """Rows may lie in several chunks, behind others that leave pixels as they are."""
        rows = REST[8:-16]
        chunks = [png_chunk(b"IDAT", rows[:50]), png_chunk(b"IDAT", rows[50:]), PNG[-12:]]
        upload = b"".join([HEAD, png_chunk(b"pHYs", bytes(9)), *chunks])

        image = read_plain_png(upload)

        assert image is not None
        assert image.tobytes() == read_by_pillow(PNG).tobytes()

    @pytest.mark.parametrize("name", UNUSUAL)
    def test_leaves_to_pillow(self, name: str) -> None:
        """Whatever is unusual or damaged is not plain."""
        assert read_plain_png(UNUSUAL[name]()) is None

    @pytest.mark.filterwarnings("ignore::UserWarning:PIL")
    @settings(max_examples=300, deadline=None)
    @given(mutated(PLAIN))
    def test_mutated(self, upload: bytes) -> None:
        """Where a mutated file is plain at all, it gives Pillow's pixels."""
        image = read_plain_png(upload)

        if image is not None:
            assert image.tobytes() == read_by_pillow(upload).tobytes()

    @settings(max_examples=300, deadline=None)
    @given(mutated([REST[8:-16], zlib.compress(bytes(41 * 40)), zlib.compress(bytes(99_999))]))
    def test_mutated_rows(self, rows: bytes) -> None:
        """Where mutated rows with a right check sum are decoded at all, they give Pillow's pixels."""
        upload = HEAD + png_chunk(b"IDAT", rows) + PNG[-12:]

        image = read_plain_png(upload)

        if image is not None:
            assert image.tobytes() == read_by_pillow(upload).tobytes()

    def test_no_more_than_is_decoded_on_the_event_loop(self) -> None:
        """Opening decodes nothing that is to be decoded in a thread."""
        assert MAX_PIXELS <= INLINE_PIXELS
