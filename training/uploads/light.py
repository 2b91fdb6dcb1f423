"""Light: what falls on a sheet, as float32 [H, W] to multiply a picture with; 1 = full light."""

import numpy as np

from training.uploads import pixels
from training.uploads.noise import clouds
from training.uploads.paper import ramp
from training.uploads.pixels import Field, Size
from training.uploads.scene import Rng, uniform


def uneven(size: Size, rng: Rng, *, depth: float) -> Field:
    """Return light that falls off to one side and has soft patches.

    Args:
        size: Height and width in pixels.
        rng: Draws direction and patches.
        depth: Share of the light that is missing at the darkest place, about.
    """
    slope = ramp(size, rng, through=0.0) / np.float32(max(size))
    field = slope + np.float32(0.12) * clouds(size, rng, cells=4)
    return 1 - np.float32(depth) * pixels.spread(field)


def shadow(size: Size, rng: Rng, *, depth: tuple[float, float] = (0.25, 0.6)) -> Field:
    """Return light with the edge of a shadow across it, straight or wavy, sharp or soft."""
    edge = ramp(size, rng)
    edge += clouds(size, rng, cells=4) * np.float32(uniform(rng, 0, 0.08) * min(size))
    softness = uniform(rng, 1.0, 14.0)
    covered = np.clip(edge / np.float32(softness) + np.float32(0.5), 0, 1)
    return np.asarray(1 - np.float32(uniform(rng, *depth)) * covered, np.float32)


def vignette(size: Size, *, depth: float) -> Field:
    """Return light that falls off towards the corners, by `depth` there."""
    x = np.linspace(-1, 1, size[1], dtype=np.float32)
    y = np.linspace(-1, 1, size[0], dtype=np.float32)
    return 1 - np.float32(depth / 2) * (np.square(x) + np.square(y)[:, None])


def glare(size: Size, rng: Rng, *, count: int = 1) -> Field:
    """Return lamps mirrored in a glossy board: float32 [H, W]; 0..1, to be added."""
    small = (size[0] // 4 + 1, size[1] // 4 + 1)
    spots = pixels.dots(small, rng.random((count, 2)) * small[::-1], rng.uniform(2, 7, count))
    blurred = pixels.blur(spots, uniform(rng, 2, 6))
    return pixels.resize(blurred / np.float32(max(float(blurred.max()), 1e-6)), size)
