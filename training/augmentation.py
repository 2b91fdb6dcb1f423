"""Augmentation: canonical digits varied as writers and cameras vary them.

uint8 [N, 28, 28] -> warped -> stroke weight -> corrupted (some) -> uint8 [N, 28, 28]

Seeded: the same digits and generator give the same pictures. `AugmentationPlan` holds the strengths.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from training.data import Images

SIDE = 28
Picture = npt.NDArray[np.uint8]
Field = npt.NDArray[np.float32]
Rng = np.random.Generator

_NO_MAP = np.empty(0, np.float32)  # the points are in one map
_CENTRE = (SIDE - 1) / 2
_GRID = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), axis=-1).astype(np.float32)


@dataclass(frozen=True)
class AugmentationPlan:
    """How strongly digits are varied.

    Attributes:
        rotation: Standard deviation in degrees; cut at 2.5 deviations.
        shear: Standard deviation of the horizontal shear.
        zoom: Standard deviation of the logarithm of each axis's scale.
        shift: Largest shift in pixels.
        elastic: Largest root mean square of the elastic displacement in pixels.
        stroke: Largest share of one pixel's dilation or erosion that is mixed in.
        corrupted: Share of the pictures that are corrupted.
    """

    rotation: float = 7.0
    shear: float = 0.10
    zoom: float = 0.07
    shift: float = 1.4
    elastic: float = 1.1
    stroke: float = 0.6
    corrupted: float = 0.15


def augment(images: Images, plan: AugmentationPlan, rng: Rng) -> Images:
    """Vary every picture by itself.

    Args:
        images: uint8 [N, 28, 28]; 0 = paper, 255 = ink.
        plan: Strengths.
        rng: Draws everything.

    Returns:
        uint8 [N, 28, 28].
    """
    fields = _warp_fields(len(images), plan, rng)
    weights = rng.uniform(-plan.stroke, plan.stroke, len(images)).astype(np.float32)
    varied = np.empty_like(images)
    for index, image in enumerate(images):
        warped = cast("Picture", cv2.remap(image, fields[index], _NO_MAP, cv2.INTER_CUBIC))
        varied[index] = _reweight(warped, float(weights[index]))
    chosen = rng.random(len(images)) < plan.corrupted
    for index in np.flatnonzero(chosen).tolist():
        corrupt = CORRUPTIONS[rng.integers(len(CORRUPTIONS))]
        varied[index] = corrupt(varied[index], rng)
    return varied


def _warp_fields(count: int, plan: AugmentationPlan, rng: Rng) -> Field:
    """Draw where each pixel is taken from: affine and elastic, float32 [N, 28, 28, 2]."""
    matrices = _matrices(count, plan, rng)
    shift = rng.uniform(-plan.shift, plan.shift, (count, 1, 2)).astype(np.float32)
    points = (_GRID.reshape(1, -1, 2) - _CENTRE) @ matrices.transpose(0, 2, 1) + shift + _CENTRE
    fields = points.reshape(count, SIDE, SIDE, 2)
    strength = rng.uniform(0, plan.elastic, count).astype(np.float32)
    knots = rng.standard_normal((count, 6, 6, 2), dtype=np.float32) * strength[:, None, None, None]
    for index in range(count):
        fields[index] += cv2.resize(knots[index], (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(fields, np.float32)


def _matrices(count: int, plan: AugmentationPlan, rng: Rng) -> Field:
    """Draw rotations with shear and zoom, float32 [N, 2, 2]."""
    angle = np.radians(plan.rotation * np.clip(rng.standard_normal(count), -2.5, 2.5))
    shear = plan.shear * rng.standard_normal(count)
    zoom_x, zoom_y = np.exp(plan.zoom * np.clip(rng.standard_normal((2, count)), -2.5, 2.5))
    cos, sin = np.cos(angle), np.sin(angle)
    matrices = np.empty((count, 2, 2), np.float32)
    matrices[:, 0, 0], matrices[:, 0, 1] = cos * zoom_x, (shear * cos - sin) * zoom_y
    matrices[:, 1, 0], matrices[:, 1, 1] = sin * zoom_x, (shear * sin + cos) * zoom_y
    return matrices


_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def _reweight(image: Picture, weight: float) -> Picture:
    """Mix in the dilated (weight above 0) or eroded picture."""
    other = cv2.dilate(image, _CROSS) if weight > 0 else cv2.erode(image, _CROSS)
    return cast("Picture", cv2.addWeighted(image, 1 - abs(weight), other, abs(weight), 0))


def _noisy(image: Picture, rng: Rng) -> Picture:
    """Grain of a sensor."""
    noise = rng.normal(0, rng.uniform(5, 50), image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def _specked(image: Picture, rng: Rng) -> Picture:
    """Pixels that are all ink or none."""
    lot = rng.random(image.shape)
    share = rng.uniform(0.01, 0.1)
    return np.where(lot < share, 0, np.where(lot > 1 - share, 255, image)).astype(np.uint8)


def _blurred(image: Picture, rng: Rng) -> Picture:
    """Defocus, or motion along one axis."""
    along, across = rng.uniform(0.4, 1.6), rng.uniform(0.3, 1.0)
    sigmas = (along, across) if rng.random() < 0.5 else (across, along)
    return cast("Picture", cv2.GaussianBlur(image, (0, 0), sigmaX=sigmas[0], sigmaY=sigmas[1]))


def _grey_ground(image: Picture, rng: Rng) -> Picture:
    """Paper that is not black: even, or clouded."""
    clouds = _smooth(rng.random((4, 4), dtype=np.float32))
    ground = rng.uniform(10, 110) * (clouds if rng.random() < 0.6 else np.ones_like(clouds))
    return np.asarray(np.clip(np.maximum(image, ground), 0, 255), np.uint8)


def _faded(image: Picture, rng: Rng) -> Picture:
    """Ink that presses less in places."""
    pressure = _smooth(rng.uniform(0.25, 1.2, (4, 4)).astype(np.float32))
    return np.asarray(np.clip(image * pressure, 0, 255), np.uint8)


def _smooth(knots: Field) -> Field:
    """Spread a few values over the picture, float32 [28, 28]; between them it may pass their bounds."""
    return cast("Field", cv2.resize(knots, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC))


def _crossed(image: Picture, rng: Rng) -> Picture:
    """A thin line that is not the digit's: a rule, a scratch, a dotted line."""
    crossed = image.copy()
    ends = rng.integers(-4, SIDE + 4, 4)
    if rng.random() < 0.5:
        ends[1], ends[3] = ends[1], ends[1] + rng.integers(-2, 3)
        ends[0], ends[2] = -2, SIDE + 2
    grey = int(rng.uniform(80, 255))
    cv2.line(
        crossed, (int(ends[0]), int(ends[1])), (int(ends[2]), int(ends[3])), grey, 1, cv2.LINE_AA
    )
    if rng.random() < 0.3:
        crossed[:, ::3] = image[:, ::3]
    return np.maximum(image, crossed)


def _dotted(image: Picture, rng: Rng) -> Picture:
    """Specks of dust and ink."""
    dotted = image.copy()
    for x, y in rng.integers(0, SIDE, (int(rng.integers(1, 6)), 2)):
        cv2.circle(
            dotted, (int(x), int(y)), int(rng.integers(0, 2)), int(rng.uniform(120, 255)), -1
        )
    return dotted


def _gapped(image: Picture, rng: Rng) -> Picture:
    """Strokes that a rule or a fold interrupts, along a row or a column."""
    gapped = image.copy()
    place = int(rng.integers(4, SIDE - 4))
    if rng.random() < 0.5:
        gapped[place] = 0
    else:
        gapped[:, place] = 0
    return gapped


def _outlined(image: Picture, rng: Rng) -> Picture:
    """The outline of strokes alone, as of hollow letters."""
    outline = cv2.morphologyEx(image, cv2.MORPH_GRADIENT, _CROSS)
    return cast("Picture", cv2.convertScaleAbs(outline, alpha=rng.uniform(0.7, 1.3)))


def _cut_off(image: Picture, rng: Rng) -> Picture:
    """A digit that loses up to two pixels at one side."""
    cut = image.copy()
    depth = int(rng.integers(4, 7))  # pixels; a canonical digit keeps about 4 from every side
    side = rng.integers(4)
    part = (cut[:depth], cut[-depth:], cut[:, :depth], cut[:, -depth:])[side]
    part[:] = 0
    return cut


def _hard(image: Picture, rng: Rng) -> Picture:
    """Two levels only, as of a fax or a mouse."""
    return np.where(image > rng.uniform(60, 170), 255, 0).astype(np.uint8)


CORRUPTIONS: tuple[Callable[[Picture, Rng], Picture], ...] = (
    _noisy,
    _specked,
    _blurred,
    _grey_ground,
    _faded,
    _crossed,
    _dotted,
    _gapped,
    _outlined,
    _cut_off,
    _hard,
)
