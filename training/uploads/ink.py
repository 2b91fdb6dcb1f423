"""Ink: a digit of any source, written anew by a pen of any width, anywhere on a picture.

digit -> shape (binary, 96 pixels) -> distance to its outline or middle line -> warp -> pen -> alpha

A shape is kept as a distance field, so that one threshold after the warp gives strokes of any
width with edges as sharp as a pen's, at every size.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.uploads import pixels
from training.uploads.noise import clouds
from training.uploads.pixels import Field, Size
from training.uploads.scene import Rng, size_of, uniform
from training.uploads.thinning import thin

SHAPE_SIDE = 96  # pixels of the longer side of a shape: 4.8 times MNIST's 20
BROAD = 0.09  # a line wider than this, in parts of the digit's height, may fill loops
SMALL_LOOP = 5.0  # pixels from a loop's middle to its line; smaller ones may be filled
FILLED = 1.25  # times as wide as the other strokes is what was meant as a loop
FAINTEST = 80.0  # of 255; what is fainter than half of this is no stroke
WIDEST = 1.5  # times as wide as high is a digit at most; a wider mark is a row of several
MARGIN = 28  # pixels around a shape, so that thick pens and bends stay inside
MNIST_BLUR = 1.4  # pixels at the shape's size; smooths the steps of MNIST's pixels away
LINE_BLUR = 1.6  # pixels; smooths the steps of the middle line
MIN_WIDTH = 1.2  # pixels; a line that is thinner than this fades away


@dataclass(frozen=True)
class Pen:
    """What a digit is written with.

    Attributes:
        width: Of the line, in parts of the digit's longer side; None keeps the digit's own strokes.
        weight: Added to the digit's own strokes on each side, in parts of its longer side, if
            `width` is None.
        pressure: 0..1; how much the width varies along the line.
        softness: Pixels from full ink to bare paper at an edge; 1 = a sharp, anti-aliased edge.
    """

    width: float | None = None
    weight: float = 0.0
    pressure: float = 0.0
    softness: float = 1.2


@dataclass(frozen=True)
class Place:
    """Where a digit stands on its picture, and how.

    Attributes:
        height: Range of the digit's longer side, in parts of the picture's shorter side.
        spread: 0 = in the middle, 1 = anywhere on the picture.
        overhang: Parts of the digit's longer side that may lie beyond one border.
        tilt: Standard deviation of the rotation, in degrees.
        slant: Standard deviation of the horizontal shear.
        bend: Largest elastic shift, in parts of the digit's longer side.
    """

    height: tuple[float, float] = (0.4, 0.8)
    spread: float = 0.6
    overhang: float = 0.0
    tilt: float = 4.0
    slant: float = 0.08
    bend: float = 0.025


def write(
    digit: npt.NDArray[np.uint8],
    size: Size,
    rng: Rng,
    pen: Pen | None = None,
    place: Place | None = None,
) -> Field:
    """Write a digit on an empty sheet.

    Args:
        digit: uint8 [28, 28] of MNIST, or ink [h, w] of any other source; 0 = paper, 255 = ink.
        size: Height and width of the sheet in pixels.
        rng: Draws size, place, rotation, slant and bend.
        pen: Default: the digit's own strokes.
        place: Default: somewhere near the middle.

    Returns:
        float32 [H, W]; 0..1, the share of each pixel that is ink.
    """
    pen, place = pen or Pen(), place or Place()
    field = trace(digit, follow_line=pen.width is not None)
    widest = _loop_room(field) if pen.width and pen.width > BROAD else np.inf
    field = bend(field, rng, place.bend * SHAPE_SIDE)
    matrix, scale = fit(size_of(field), size, rng, place)
    field = pixels.affine(field, matrix, size, repeats_border=True)
    radius = min(_radius(pen, scale), widest)
    field += np.float32(radius)
    if pen.pressure:
        field += clouds(size, rng, cells=5) * np.float32(pen.pressure * 0.5 * (radius or 4.0))
    field *= np.float32(scale / max(pen.softness, 0.01))
    field += np.float32(0.5)
    np.clip(field, 0, 1, out=field)
    return field


def _radius(pen: Pen, scale: float) -> float:
    """Return what a pen adds to the distance field, in pixels of the shape."""
    if pen.width is None:
        return pen.weight * SHAPE_SIDE
    return max(pen.width * SHAPE_SIDE, MIN_WIDTH / scale) / 2


def _loop_room(field: Field) -> float:
    """Return the largest radius of a pen, in pixels of the shape, that leaves large loops open."""
    labels = pixels.regions(field < -1)
    depths = np.zeros(int(labels.max()) + 1, np.float32)
    np.maximum.at(depths, labels.ravel(), -field.ravel())
    depths[[0, labels[0, 0]]] = 0  # the line, and the outside
    loops = depths[depths > SMALL_LOOP]
    return 0.7 * float(loops.min()) if len(loops) else np.inf


def trace(digit: npt.NDArray[np.uint8], *, follow_line: bool) -> Field:
    """Turn a digit into a distance field.

    Args:
        digit: uint8 [h, w]; 0 = paper, 255 = ink.
        follow_line: Measure from the middle line of the strokes instead of their outline.

    Returns:
        float32 [h', w'], in pixels of the shape, with `MARGIN` around it; positive inside the
        strokes; for the middle line: 0 on it, negative elsewhere.
    """
    shape, blur = _shape(digit)
    inside = pixels.distance(shape) - pixels.distance(1 - shape)
    if not follow_line:
        return pixels.blur(inside, blur)
    line = thin(shape)
    distance = pixels.blur(pixels.distance(1 - line), LINE_BLUR)
    lifted = np.float32(0.8 * LINE_BLUR)  # so far does the blur raise the valley's floor
    away = np.sqrt(np.maximum(np.square(distance) - lifted * lifted, 0))
    # What is much wider than the strokes is a filled loop; without it a 6 would be read as a 1.
    filled = inside - np.float32(FILLED * np.median(inside[line > 0]))
    return np.asarray(np.maximum(-away, filled), np.float32)


def _shape(digit: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint8], float]:
    """Cut a digit out, scale it to `SHAPE_SIDE`, and binarise it; also tell how to smooth it."""
    is_small = max(digit.shape) <= 64
    box = pixels.bounds(digit > 50)
    if box is None:
        raise ValueError("The digit is blank: it has no pixel above 50. Give one with ink on it.")
    left, top, right, bottom = box
    crop = np.pad(digit[top:bottom, left:right], 1).astype(np.float32)
    if is_small:  # faint strokes of MNIST count as much as strong ones, or they would break
        crop /= np.maximum(pixels.dilate(crop, np.ones((5, 5), np.uint8)), FAINTEST) / np.float32(
            255
        )
    scale = SHAPE_SIDE / max(crop.shape[0], crop.shape[1] / WIDEST)
    size = max(1, round(crop.shape[0] * scale)), max(1, round(crop.shape[1] * scale))
    shape = np.pad(pixels.resize(crop, size, pixels.CUBIC if scale > 1 else pixels.AREA), MARGIN)
    if is_small:
        shape = pixels.blur(shape, 0.8)
    return (shape > 128).astype(np.uint8), MNIST_BLUR if is_small else 0.7


def bend(field: Field, rng: Rng, shift: float) -> Field:
    """Bend a field elastically by at most about `shift` pixels."""
    if shift <= 0:
        return field
    height, width = field.shape
    cells = int(rng.integers(3, 6))
    shifts = rng.normal(0, shift * uniform(rng, 0.1, 0.6), (cells, cells, 2)).astype(np.float32)
    sources = pixels.resize(shifts, (height, width), pixels.CUBIC)
    sources[..., 0] += np.arange(width, dtype=np.float32)
    sources[..., 1] += np.arange(height, dtype=np.float32)[:, None]
    return pixels.remap(field, sources)


def fit(shape: Size, size: Size, rng: Rng, place: Place) -> tuple[npt.NDArray[np.float64], float]:
    """Find the affine map that brings a shape to its place on a picture.

    Args:
        shape: Height and width of the distance field, with its margin.
        size: Height and width of the picture.
        rng: Draws size, place, rotation and slant.
        place: Bounds of what is drawn.

    Returns:
        float64 [2, 3] for `pixels.affine`, and its scale: pixels of the picture per pixel of the shape.
    """
    angle = np.radians(np.clip(rng.normal(0, place.tilt), -20, 20))
    slant = float(np.clip(rng.normal(0, place.slant), -0.35, 0.35))
    stretch = float(np.exp(np.clip(rng.normal(0, 0.05), -0.12, 0.12)))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn = turn @ np.array([[stretch, -slant], [0, 1 / stretch]])
    centre = np.array([shape[1], shape[0]]) / 2
    extent = np.abs(turn) @ (centre - MARGIN) * 2
    picture = np.array([size[1], size[0]], float)
    scale = uniform(rng, *place.height) * picture.min() / max(extent)
    target = picture / 2 + _offset(picture, extent * scale, rng, place)
    return np.column_stack([turn * scale, target - turn @ centre * scale]), scale


def _offset(
    picture: npt.NDArray[np.float64], extent: npt.NDArray[np.float64], rng: Rng, place: Place
) -> npt.NDArray[np.float64]:
    """Return how far from the middle a digit stands, in pixels (x, y)."""
    room = np.maximum(picture - extent, 0) / 2
    offset = room * place.spread * rng.uniform(-1, 1, 2)
    if place.overhang:
        axis, side = int(rng.integers(2)), int(rng.choice((-1, 1)))
        offset[axis] = side * (room[axis] + max(extent) * place.overhang)
    return offset
