"""Small PNG files: few colours, square pixels kept square."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

NUM_COLOURS = 96  # 99 % of a heat map's pixels stay as they are, at half of its bytes
GAP_PIXELS = 3  # between the tiles of a contact sheet
GAP_GREY = 222  # a light line, so that an empty map is still seen as one

NEGATIVE = np.array([31, 95, 168])  # blue, RGB
POSITIVE = np.array([196, 78, 24])  # orange, RGB


def encode_png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Encode an RGB or grey picture with at most `NUM_COLOURS` colours.

    Args:
        pixels: uint8 [H, W, 3] or [H, W].

    Returns:
        The PNG file. The same pixels give the same bytes.
    """
    image = Image.fromarray(pixels).convert("RGB")
    few = image.quantize(NUM_COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    few.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def grey_tiles(maps: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """Turn maps [K, H, W], not below 0, into uint8 [K, H, W, 3]: 0 white, each maximum black."""
    peaks = maps.max(axis=(1, 2), keepdims=True)
    ink = np.clip(maps / np.where(peaks > 0, peaks, 1), 0, 1)
    greys = np.rint(255 * (1 - ink)).astype(np.uint8)
    return np.repeat(greys[..., np.newaxis], 3, axis=-1)


def signed_tiles(maps: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """Turn maps [K, H, W] of either sign into uint8 [K, H, W, 3]: blue below 0, orange above.

    All maps share one scale, so that a strong filter looks strong.
    """
    limit = max(float(np.abs(maps).max()), np.finfo(np.float32).tiny)
    share = (np.abs(maps) / limit)[..., np.newaxis]
    full = np.where(maps[..., np.newaxis] < 0, NEGATIVE, POSITIVE)
    colours: npt.NDArray[np.float64] = np.rint(255 + share * (full - 255.0))
    return colours.astype(np.uint8)


def contact_sheet(
    tiles: npt.NDArray[np.uint8], *, columns: int, tile_pixels: int, gap_pixels: int = GAP_PIXELS
) -> npt.NDArray[np.uint8]:
    """Lay tiles out in rows, each magnified by a whole factor.

    Args:
        tiles: uint8 [K, H, W, 3].
        columns: Tiles in a row; a last row that is not full ends in empty space.
        tile_pixels: A tile is magnified as far as it stays within this width.
        gap_pixels: Width of the grey lines between and around the tiles.

    Returns:
        uint8 [height, width, 3].
    """
    count, height, width, _ = tiles.shape
    factor = max(1, tile_pixels // width)
    step_y, step_x = height * factor + gap_pixels, width * factor + gap_pixels
    columns = min(columns, count)
    rows = -(-count // columns)
    sheet = np.full((rows * step_y + gap_pixels, columns * step_x + gap_pixels, 3), GAP_GREY)
    for index, tile in enumerate(tiles):
        top = index // columns * step_y + gap_pixels
        left = index % columns * step_x + gap_pixels
        large = tile.repeat(factor, axis=0).repeat(factor, axis=1)
        sheet[top : top + height * factor, left : left + width * factor] = large
    return sheet.astype(np.uint8)


def png_size(png: bytes) -> tuple[int, int]:
    """Read width and height in pixels from a PNG file's header."""
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
