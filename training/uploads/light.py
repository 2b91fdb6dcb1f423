"""Light: what falls on a sheet, as float32 [H, W] to multiply a picture with; 1 = full light."""

import cv2
import numpy as np

from training.uploads.noise import clouds
from training.uploads.paper import ramp
from training.uploads.scene import Field, Rng, Size, uniform


def uneven(size: Size, rng: Rng, *, depth: float) -> Field:
    """Return light that falls off to one side and has soft patches.

    Args:
        size: Height and width in pixels.
        rng: Draws direction and patches.
        depth: Share of the light that is missing at the darkest place, about.
    """
    slope = ramp(size, rng, through=0.0) / np.float32(max(size))
    field = slope + np.float32(0.12) * clouds(size, rng, cells=4)
    low, high = float(field.min()), float(field.max())
    return 1 - np.float32(depth) * (field - np.float32(low)) / np.float32(max(high - low, 1e-6))


def shadow(size: Size, rng: Rng, *, depth: tuple[float, float] = (0.25, 0.6)) -> Field:
    """Return light with the edge of a shadow across it, straight or wavy, sharp or soft."""
    edge = ramp(size, rng)
    edge += clouds(size, rng, cells=4) * np.float32(uniform(rng, 0, 0.08) * min(size))
    softness = uniform(rng, 1.0, 14.0)
    covered = np.clip(edge / np.float32(softness) + np.float32(0.5), 0, 1)
    return 1 - np.float32(uniform(rng, *depth)) * covered


def vignette(size: Size, *, depth: float) -> Field:
    """Return light that falls off towards the corners, by `depth` there."""
    x = np.linspace(-1, 1, size[1], dtype=np.float32)
    y = np.linspace(-1, 1, size[0], dtype=np.float32)
    return 1 - np.float32(depth / 2) * (np.square(x) + np.square(y)[:, None])


def glare(size: Size, rng: Rng, *, count: int = 1) -> Field:
    """Return lamps mirrored in a glossy board: float32 [H, W]; 0..1, to be added."""
    spots = np.zeros((size[0] // 4 + 1, size[1] // 4 + 1), np.float32)
    for _ in range(count):
        centre = (int(rng.integers(spots.shape[1])), int(rng.integers(spots.shape[0])))
        axes = (int(uniform(rng, 2, 9)), int(uniform(rng, 2, 6)))
        cv2.ellipse(spots, centre, axes, uniform(rng, 0, 180), 0, 360, 1.0, cv2.FILLED)
    blurred = cv2.GaussianBlur(spots, (0, 0), uniform(rng, 2, 6))
    blurred /= np.float32(max(float(blurred.max()), 1e-6))
    return cv2.resize(blurred, size[::-1], interpolation=cv2.INTER_LINEAR)
