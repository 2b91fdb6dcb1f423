"""Camera: what happens to a scene between the paper and the file.

scene -> geometry (moves picture and ink) -> lens -> sensor -> compression
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from training.uploads import pixels
from training.uploads.noise import grain
from training.uploads.scene import Rng, Scene, across, coloured, size_of, to_bytes, uniform


def tilt(scene: Scene, degrees: float) -> Scene:
    """Rotate a scene about its middle; the corners are filled with what is next to them."""
    matrix = pixels.rotation(size_of(scene.ink), degrees)
    return _warp(scene, np.vstack([matrix, [0, 0, 1]]))


def perspective(scene: Scene, rng: Rng, *, strength: float) -> Scene:
    """Look at a scene from aside: its corners move by up to `strength` of the sides, inwards or out."""
    height, width = scene.ink.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moves = rng.uniform(-strength, strength, (4, 2)) * (width, height)
    target = (corners + moves).astype(np.float32)
    return _warp(scene, pixels.homography(corners, target))


def _warp(scene: Scene, matrix: npt.NDArray[np.float64]) -> Scene:
    """Move a scene's picture and ink alike."""
    return Scene(
        pixels.project(scene.picture, matrix, mirrors=True), pixels.project(scene.ink, matrix)
    )


def defocus(scene: Scene, sigma: float) -> Scene:
    """Blur a scene by a standard deviation of `sigma` pixels; 0 leaves it."""
    return replace(scene, picture=pixels.blur(scene.picture, sigma))


def shake(scene: Scene, rng: Rng, *, length: float) -> Scene:
    """Blur a scene along one direction, over `length` pixels."""
    side = 2 * int(length / 2) + 3
    angle = uniform(rng, 0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    kernel = pixels.line((side, side), np.stack([side // 2 - reach, side // 2 + reach]), 1)
    return replace(scene, picture=pixels.convolve(scene.picture, kernel / kernel.sum()))


def sense(scene: Scene, rng: Rng, *, noise: float, blur: float = 0.0) -> Scene:
    """Add a sensor's grain, stronger in the dark.

    Args:
        scene: What is photographed.
        rng: Draws the grain.
        noise: Standard deviation at middle grey, in grey levels.
        blur: Of the grain, in pixels, as left by a camera's noise filter: 0, 0.7 or 1.5.
    """
    speckle = grain(size_of(scene.ink), rng, blur=blur) * np.float32(noise)
    return replace(scene, picture=scene.picture + across(speckle, scene.picture))


def expose(scene: Scene, rng: Rng, *, gain: tuple[float, float] = (0.8, 1.1)) -> Scene:
    """Set exposure, black level and white balance."""
    picture = scene.picture * np.float32(uniform(rng, *gain)) + np.float32(uniform(rng, -6, 14))
    if picture.ndim == 3:
        picture = pixels.tint(picture, [uniform(rng, 0.93, 1.05) for _ in range(3)])
    return replace(scene, picture=picture)


def compress(scene: Scene, quality: int) -> Scene:
    """Send a scene through JPEG.

    Args:
        scene: What is compressed.
        quality: 1..100, as OpenCV counts it; 20 shows blocks.
    """
    return replace(scene, picture=pixels.jpeg(to_bytes(scene.picture), quality))


def moire(scene: Scene, rng: Rng) -> Scene:
    """Show a scene on a screen and photograph that: beats between two grids, in three colours."""
    height, width = scene.ink.shape
    angle = uniform(rng, 0, np.pi)
    x = np.arange(width, dtype=np.float32) * np.float32(np.cos(angle))
    y = np.arange(height, dtype=np.float32)[:, None] * np.float32(np.sin(angle))
    curve = np.float32(uniform(rng, 1e-4, 1e-3)) * np.square(x - y)
    phase = (x + y) * np.float32(2 * np.pi / uniform(rng, 5, 18)) + curve
    picture = coloured(scene.picture)
    depth = uniform(rng, 0.04, 0.12)
    beats = [1 + np.float32(depth) * np.sin(phase + np.float32(shift)) for shift in (0.0, 0.7, 1.4)]
    return replace(scene, picture=picture * pixels.stack(*beats))
