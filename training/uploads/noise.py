"""Noise: crops of one tile of random numbers, many times faster than drawing each pixel anew.

rng -> place in the tile -> crop -> float32 [H, W] of mean 0 and standard deviation about 1
"""

from functools import cache

import numpy as np

from training.uploads import pixels
from training.uploads.pixels import Field, Size
from training.uploads.scene import Rng

TILE_SIDE = 1024  # pixels; larger than the largest picture, so that crops differ


@cache
def _tile(blur: float) -> Field:
    """Return the tile, blurred by so many pixels and scaled to a standard deviation of 1."""
    tile = np.random.default_rng(28).standard_normal((TILE_SIDE, TILE_SIDE), np.float32)
    if blur:
        tile = pixels.blur(tile, blur)
    tile /= tile.std()
    tile.setflags(write=False)
    return tile


def grain(size: Size, rng: Rng, *, blur: float = 0.0) -> Field:
    """Return noise as of a sensor (no blur) or of paper (blur 0.7..3 pixels).

    Args:
        size: Height and width in pixels, each at most `TILE_SIDE`.
        rng: Places and flips the crop.
        blur: In pixels; every value used costs one more tile of memory.

    Returns:
        float32 [H, W], read-only; mean 0, standard deviation about 1.
    """
    height, width = size
    top = int(rng.integers(TILE_SIDE - height + 1))
    left = int(rng.integers(TILE_SIDE - width + 1))
    crop = _tile(blur)[top : top + height, left : left + width]
    return crop[:: int(rng.choice((-1, 1))), :: int(rng.choice((-1, 1)))]


def clouds(size: Size, rng: Rng, *, cells: int = 4) -> Field:
    """Return smooth noise: a coarse grid of random numbers, spread over the picture.

    Args:
        size: Height and width in pixels.
        rng: Draws the grid.
        cells: Grid points along each side; the more, the finer.

    Returns:
        float32 [H, W]; mean about 0, standard deviation about 0.7.
    """
    grid = rng.standard_normal((cells, cells), np.float32)
    return pixels.resize(grid, size, pixels.CUBIC)


def fractal(size: Size, rng: Rng, *, octaves: int = 5, roughness: float = 0.6) -> Field:
    """Return noise with detail at every scale, as clouds, stone and hills have.

    Returns:
        float32 [H, W]; scaled to 0..1.
    """
    small = (size[0] // 2, size[1] // 2)
    field = np.zeros(small, np.float32)
    for octave in range(octaves):
        field += clouds(small, rng, cells=2 ** (octave + 1) + 1) * np.float32(roughness**octave)
    return pixels.resize(pixels.spread(field), size)
