"""Pictures: one digit in three sizes, the same bytes at every run.

It is light on dark and fills the picture, so that plain resizing, all that most tutorials do, reads it too.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

SEED = 1
LABEL = 3  # still a 3 when 4:3 is squeezed to a square, as plain resizing does
BOARD = 14.0  # mean grey of the paper, 0..255
GRAIN = (
    9.0  # standard deviation of the sensor's noise, in grey levels; 2 MB and more at 12 megapixels
)
DRAWING_SIDE = 280  # pixels
QUALITY = 90  # of JPEG, as cameras write it


@dataclass(frozen=True)
class Picture:
    """A picture to upload.

    Attributes:
        name: What it is, with its size in pixels.
        content: Bytes of the file.
        media_type: Such as `image/png`.
        label: The digit on it.
    """

    name: str
    content: bytes
    media_type: str
    label: int

    @property
    def description(self) -> str:
        """Name and size, such as `28x28 PNG (275 bytes)`."""
        size = len(self.content)
        return f"{self.name} ({f'{size / 1e6:.1f} MB' if size >= 1e6 else f'{size:,} bytes'})"


def make_pictures(bundle: Path) -> list[Picture]:
    """Make all three of a validation digit.

    Args:
        bundle: Directory of a bundle, with its `validation.npz`.
    """
    digit = load_digit(bundle)
    return [
        Picture("28x28 PNG", encode(digit, "PNG"), "image/png", LABEL),
        photograph(digit, "640x480 JPEG", width=640, height=480),
        photograph(digit, "12-megapixel JPEG", width=4000, height=3000),
    ]


def load_digit(bundle: Path) -> npt.NDArray[np.uint8]:
    """Return the first validation digit with `LABEL`: uint8 [28, 28], 0 = paper."""
    with np.load(bundle / "assets.extra" / "validation.npz") as data:
        index = int(np.flatnonzero(data["labels"] == LABEL)[0])
        digit: npt.NDArray[np.uint8] = data["images"][index]
        return digit


def draw(digit: npt.NDArray[np.uint8]) -> Picture:
    """Draw a digit as a page's canvas sends it: a round pen, dark on white, 280x280 pixels.

    Args:
        digit: uint8 [28, 28], 0 = paper.
    """
    ink = Image.fromarray(digit).resize((DRAWING_SIDE, DRAWING_SIDE), Image.Resampling.BICUBIC)
    edged = np.clip((np.asarray(ink, np.float32) - 127) * 4 + 127, 0, 255)  # as sharp as a pen's
    pixels = (255 - edged).astype(np.uint8)
    return Picture(f"{DRAWING_SIDE}x{DRAWING_SIDE} PNG", encode(pixels, "PNG"), "image/png", LABEL)


def photograph(digit: npt.NDArray[np.uint8], name: str, *, width: int, height: int) -> Picture:
    """Render a digit as a camera shows chalk on a board: uneven light, colour, grain and soft edges.

    Args:
        digit: uint8 [28, 28], 0 = paper.
        name: Name of the picture.
        width: In pixels; at least the height.
        height: In pixels.
    """
    board = Image.new("L", (width, height))
    board.paste(
        Image.fromarray(digit).resize((height, height), Image.Resampling.BICUBIC),
        ((width - height) // 2, 0),
    )
    grey = np.asarray(board, np.float32) * (225 / 255) + BOARD
    grey *= np.linspace(0.85, 1.05, width, dtype=np.float32)
    noise = np.random.default_rng(SEED).standard_normal((height, width, 1), np.float32) * GRAIN
    colour = np.array([1.0, 0.97, 0.9], np.float32)  # a warm lamp
    pixels = np.clip(grey[..., np.newaxis] * colour + noise, 0, 255).astype(np.uint8)
    return Picture(name, encode(pixels, "JPEG", quality=QUALITY), "image/jpeg", LABEL)


def encode(pixels: npt.NDArray[np.uint8], file_format: str, **options: int) -> bytes:
    """Write pixels as the bytes of a file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, file_format, **options)
    return buffer.getvalue()
