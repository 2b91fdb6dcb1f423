"""Camera: what happens to a scene between the paper and the file.

scene -> geometry (moves picture and ink) -> lens -> sensor -> compression
"""

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from training.uploads.noise import grain
from training.uploads.scene import Field, Rng, Scene, across, coloured, to_bytes, uniform


def tilt(scene: Scene, degrees: float) -> Scene:
    """Rotate a scene about its middle; the corners are filled with what is next to them."""
    height, width = scene.ink.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return _warp(scene, np.vstack([matrix, [0, 0, 1]]))


def perspective(scene: Scene, rng: Rng, *, strength: float) -> Scene:
    """Look at a scene from aside: its corners move by up to `strength` of the sides, inwards or out."""
    height, width = scene.ink.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moves = rng.uniform(-strength, strength, (4, 2)) * (width, height)
    target = (corners + moves).astype(np.float32)
    return _warp(scene, cv2.getPerspectiveTransform(corners, target))


def _warp(scene: Scene, matrix: npt.NDArray[np.float64]) -> Scene:
    """Move a scene's picture and ink alike."""
    size = scene.ink.shape[::-1]
    return Scene(
        cv2.warpPerspective(scene.picture, matrix, size, borderMode=cv2.BORDER_REFLECT_101),
        cv2.warpPerspective(scene.ink, matrix, size),
    )


def defocus(scene: Scene, sigma: float) -> Scene:
    """Blur a scene by a standard deviation of `sigma` pixels; 0 leaves it."""
    if sigma <= 0:
        return scene
    return replace(scene, picture=cv2.GaussianBlur(scene.picture, (0, 0), sigma))


def shake(scene: Scene, rng: Rng, *, length: float) -> Scene:
    """Blur a scene along one direction, over `length` pixels."""
    side = 2 * int(length / 2) + 3
    kernel = np.zeros((side, side), np.float32)
    angle = uniform(rng, 0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    middle = side // 2
    start, stop = np.rint(middle - reach).astype(int), np.rint(middle + reach).astype(int)
    cv2.line(kernel, (int(start[0]), int(start[1])), (int(stop[0]), int(stop[1])), 1.0, 1)
    return replace(scene, picture=cv2.filter2D(scene.picture, -1, kernel / kernel.sum()))


def sense(scene: Scene, rng: Rng, *, noise: float, blur: float = 0.0) -> Scene:
    """Add a sensor's grain, stronger in the dark.

    Args:
        scene: What is photographed.
        rng: Draws the grain.
        noise: Standard deviation at middle grey, in grey levels.
        blur: Of the grain, in pixels, as left by a camera's noise filter: 0, 0.7 or 1.5.
    """
    speckle = grain(scene.ink.shape, rng, blur=blur) * np.float32(noise)
    return replace(scene, picture=scene.picture + across(speckle, scene.picture))


def expose(scene: Scene, rng: Rng, *, gain: tuple[float, float] = (0.8, 1.1)) -> Scene:
    """Set exposure, black level and white balance."""
    picture = scene.picture * np.float32(uniform(rng, *gain)) + np.float32(uniform(rng, -6, 14))
    if picture.ndim == 3:
        picture *= np.array([uniform(rng, 0.93, 1.05) for _ in range(3)], np.float32)
    return replace(scene, picture=picture)


def compress(scene: Scene, quality: int) -> Scene:
    """Send a scene through JPEG.

    Args:
        scene: What is compressed.
        quality: 1..100, as OpenCV counts it; 20 shows blocks.
    """
    pixels = to_bytes(scene.picture)
    _, file = cv2.imencode(".jpg", pixels, (cv2.IMWRITE_JPEG_QUALITY, quality))
    decoded = cv2.imdecode(file, cv2.IMREAD_UNCHANGED)
    return replace(scene, picture=decoded.astype(np.float32))


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
    return replace(scene, picture=picture * np.stack(beats, axis=-1))


def rescale(picture: Field, factor: float) -> Field:
    """Reduce a picture to `factor` of its size and bring it back, as a bad camera does."""
    height, width = picture.shape[:2]
    small = (max(8, int(width * factor)), max(8, int(height * factor)))
    reduced = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
    return cv2.resize(reduced, (width, height), interpolation=cv2.INTER_LINEAR)
