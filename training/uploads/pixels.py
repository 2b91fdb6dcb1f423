"""Pixels: OpenCV's functions for float32 fields, with the types that it lacks.

This module is the leaf of `training.uploads`. Every function takes and gives float32 [H, W] or
[H, W, C]. Sizes are (height, width), as NumPy has them, and not (width, height), as OpenCV has them.
"""

from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Matrix = npt.NDArray[np.float64]
Size = tuple[int, int]

NEAREST, LINEAR = cv2.INTER_NEAREST, cv2.INTER_LINEAR
CUBIC, AREA = cv2.INTER_CUBIC, cv2.INTER_AREA


def stack(*channels: Field) -> Field:
    """Put fields [H, W] together as the channels of one picture, much faster than NumPy does."""
    return cast("Field", cv2.merge(channels))


def tint(picture: Field, factors: Sequence[float]) -> Field:
    """Multiply each channel of a picture by a number of its own."""
    return cast("Field", cv2.transform(picture, np.diag(factors)))


def cut(field: Field) -> Field:
    """Bring values below 0 to 0 and above 1 to 1."""
    return np.asarray(np.clip(field, 0, 1), np.float32)


def spread(field: Field) -> Field:
    """Shift and scale values so that they fill 0..1."""
    low, high = float(field.min()), float(field.max())
    return (field - np.float32(low)) / np.float32(max(high - low, 1e-6))


def resize(field: Field, size: Size, how: int = LINEAR) -> Field:
    """Scale a field to a size; `how` is `NEAREST`, `LINEAR`, `CUBIC` or `AREA` (to reduce)."""
    return cast("Field", cv2.resize(field, size[::-1], interpolation=how))


def blur(field: Field, sigma: float) -> Field:
    """Blur a field by a Gaussian of a standard deviation in pixels; 0 leaves it."""
    return cast("Field", cv2.GaussianBlur(field, (0, 0), sigma)) if sigma > 0 else field


def soften(field: Field, sigma: float) -> Field:
    """Blur a field by several pixels, at a quarter of its size, which is many times faster."""
    small = (field.shape[0] // 4 + 1, field.shape[1] // 4 + 1)
    return resize(blur(resize(field, small, AREA), sigma / 4), (field.shape[0], field.shape[1]))


def affine(field: Field, matrix: Matrix, size: Size, *, repeats_border: bool = False) -> Field:
    """Map a field by [2, 3] onto a size; outside of it is 0, or what its border is."""
    mode = cv2.BORDER_REPLICATE if repeats_border else cv2.BORDER_CONSTANT
    return cast("Field", cv2.warpAffine(field, matrix, size[::-1], borderMode=mode))


def project(field: Field, matrix: Matrix, *, mirrors: bool = False) -> Field:
    """Map a field by a homography [3, 3]; outside of it is 0, or its mirror image."""
    mode = cv2.BORDER_REFLECT_101 if mirrors else cv2.BORDER_CONSTANT
    size = (field.shape[1], field.shape[0])
    return cast("Field", cv2.warpPerspective(field, matrix, size, borderMode=mode))


def rotation(size: Size, degrees: float) -> Matrix:
    """Return the rotation [2, 3] about the middle of a picture, counter-clockwise."""
    return cast("Matrix", cv2.getRotationMatrix2D((size[1] / 2, size[0] / 2), degrees, 1))


def homography(corners: Field, target: Field) -> Matrix:
    """Return the homography [3, 3] that takes four corners [4, 2] to four others."""
    return cast("Matrix", cv2.getPerspectiveTransform(corners, target))


def remap(field: Field, sources: Field) -> Field:
    """Take each pixel from where `sources` [H, W, 2] (x, y) says."""
    return cast(
        "Field",
        cv2.remap(
            field,
            sources,
            cast("Field", None),  # the stubs do not know that one map may hold both coordinates
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ),
    )


def convolve(field: Field, kernel: Field) -> Field:
    """Correlate a field with a kernel."""
    return cast("Field", cv2.filter2D(field, -1, kernel))


def dilate(field: Field, kernel: Bytes) -> Field:
    """Take the largest value under a kernel, at least the field's own."""
    return np.maximum(field, cast("Field", cv2.dilate(field, kernel)))


def disc(radius: int) -> Bytes:
    """Return a round kernel, uint8 [2 radius + 1, 2 radius + 1]."""
    side = 2 * radius + 1
    return cast("Bytes", cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))


def distance(binary: Bytes) -> Field:
    """Return each pixel's distance to the nearest 0 of a binary picture."""
    return cast("Field", cv2.distanceTransform(binary, cv2.DIST_L2, 5))


def slope(field: Field) -> Field:
    """Return the mixed derivative of a field: bright and dark flanks of what is raised."""
    return cast("Field", cv2.Sobel(field, cv2.CV_32F, 1, 1, ksize=5))


def polygon(size: Size, corners: Matrix) -> Field:
    """Return the anti-aliased mask, 0..1, of a convex polygon: corners [N, 2] (x, y) in pixels."""
    mask = np.zeros(size, np.uint8)
    cv2.fillConvexPoly(mask, _fixed(corners), 255, cv2.LINE_AA, _SHIFT)
    return _share(mask)


def line(size: Size, points: Matrix, width: int, *, is_closed: bool = False) -> Field:
    """Return the anti-aliased mask, 0..1, of a line through points [N, 2] (x, y) in pixels."""
    mask = np.zeros(size, np.uint8)
    cv2.polylines(mask, [_fixed(points)], is_closed, 255, width, cv2.LINE_AA, _SHIFT)
    return _share(mask)


def dots(size: Size, centres: Matrix, radii: Matrix) -> Field:
    """Return the anti-aliased mask, 0..1, of discs: centres [N, 2] (x, y), radii [N], in pixels."""
    mask = np.zeros(size, np.uint8)
    for (x, y), radius in zip(_fixed(centres).tolist(), _fixed(radii).tolist(), strict=True):
        cv2.circle(mask, (x, y), radius, 255, cv2.FILLED, cv2.LINE_AA, _SHIFT)
    return _share(mask)


def words(size: Size, texts: list[str], places: list[tuple[int, int]], height: float) -> Field:
    """Return the mask, 0..1, of words in a plain font, each from its lower left corner (x, y)."""
    mask = np.zeros(size, np.uint8)
    face, weight = cv2.FONT_HERSHEY_DUPLEX, max(1, round(height / 14))
    for text, place in zip(texts, places, strict=True):
        cv2.putText(mask, text, place, face, height / 22, 255, weight, cv2.LINE_AA)
    return _share(mask)


def bounds(mask: npt.NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """Return the box around the true pixels of a mask, bool [H, W].

    Returns:
        Left, top, right and bottom in pixels, the last two past the end; None if no pixel is true.
    """
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    return (left, top, left + width, top + height) if width else None


def regions(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Number the connected regions (4 neighbours) of the true pixels of a mask, bool [H, W].

    Returns:
        int32 [H, W], the number of each pixel's region, from 1; 0 where the mask is false.
    """
    _, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=4)
    return cast("npt.NDArray[np.int32]", labels)


def jpeg(picture: Bytes, quality: int) -> Field:
    """Send a picture, grey or RGB, through JPEG of a quality, 1..100."""
    is_grey = picture.ndim == 2
    sent = picture if is_grey else cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    _, file = cv2.imencode(".jpg", sent, (cv2.IMWRITE_JPEG_QUALITY, quality))
    decoded = cast("Bytes", cv2.imdecode(file, cv2.IMREAD_UNCHANGED))
    return (decoded if is_grey else cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)).astype(np.float32)


_SHIFT = 4  # fractional bits of the coordinates that OpenCV draws at


def _fixed(values: Matrix) -> npt.NDArray[np.int32]:
    """Return coordinates in sixteenths of a pixel."""
    return np.asarray(np.rint(values * 2**_SHIFT), np.int32)


def _share(mask: Bytes) -> Field:
    """Return a mask of 0..255 as 0..1."""
    return mask.astype(np.float32) / np.float32(255)
