"""Corruptions: fifteen ways to spoil a digit, after MNIST-C.

float32 [28, 28], 0 = paper, 1 = ink -> corruption -> float32 [28, 28]

The kinds and their strengths follow Mu and Gilmer (2019), "MNIST-C: A Robustness Benchmark for Computer
Vision", and its published code; the code here is our own, so that figures compare with theirs in kind, not
digit for digit. Training knows none of these functions (`training.augmentation` has its own).
"""

from collections.abc import Callable, Mapping
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

SIDE = 28
CENTRE = (SIDE - 1) / 2
Ink = npt.NDArray[np.float32]
Rng = np.random.Generator
Point = tuple[float, float]

PHOTONS = 3  # that full ink sends in shot noise
IMPULSES = 0.17  # share of pixels that become all ink or none
GLASS_SIGMA, GLASS_ROUNDS = 0.7, 2  # pixels; rounds of shuffling
MOTION_SIGMA, MOTION_ANGLE = 3.0, 45.0  # pixels; degrees from the horizontal at most
ANGLE = 0.4  # radians, of shear and rotation
SCALE = 0.7
SHIFT = 3  # pixels along either axis
LIGHT = 0.5  # added to every pixel
STRIPE = 7  # columns at either side
FOG, FOG_DECAY = 3.0, 1.96  # against full ink; by which each finer octave is weaker
FOG_SIDE = 256  # pixels of the cloud that the picture is a part of
MUD_LEVEL, MUD_SIGMA = 0.65, 1.5  # of a liquid layer of mean 0.65 and deviation 0.3; pixels
MUD_GREY = 63 / 255
LINE_REACH = 1.45  # pixels above and below a line, where it has faded away
ZIGZAG = 2  # pixels to either side; from turn to turn it goes twice as far


def corrupt(name: str, digit: npt.NDArray[np.uint8], rng: Rng) -> npt.NDArray[np.uint8]:
    """Spoil a digit.

    Args:
        name: One of `CORRUPTIONS`.
        digit: uint8 [28, 28]; 0 = paper, 255 = ink.
        rng: Draws what is random; the same state gives the same picture.

    Returns:
        uint8 [28, 28].
    """
    spoilt = CORRUPTIONS[name]((digit / 255).astype(np.float32), rng)
    return np.rint(np.clip(spoilt, 0, 1) * 255).astype(np.uint8)


def shot_noise(ink: Ink, rng: Rng) -> Ink:
    """Few photons: Poisson noise on the ink."""
    return (rng.poisson(ink * PHOTONS) / PHOTONS).astype(np.float32)


def impulse_noise(ink: Ink, rng: Rng) -> Ink:
    """Pixels that are all ink or none."""
    lot = rng.random(ink.shape)
    return np.where(lot < IMPULSES / 2, 0, np.where(lot < IMPULSES, 1, ink)).astype(np.float32)


def glass_blur(ink: Ink, rng: Rng) -> Ink:
    """Frosted glass: blurred, half of the pixels taken from a neighbour, blurred again."""
    seen = _blur(ink, GLASS_SIGMA)
    rows, columns = np.indices(ink.shape)
    for _ in range(GLASS_ROUNDS):
        moves = rng.integers(-1, 2, (2, *ink.shape)) * (rng.random(ink.shape) < 0.5)
        inside = np.clip(np.stack([rows, columns]) + moves, 0, SIDE - 1)
        seen = seen[inside[0], inside[1]]
    return _blur(seen, GLASS_SIGMA)


def motion_blur(ink: Ink, rng: Rng) -> Ink:
    """A hand that moves: smeared to one side, less and less."""
    angle = np.radians(rng.uniform(-MOTION_ANGLE, MOTION_ANGLE))
    steps = np.arange(3 * MOTION_SIGMA + 1)
    weights = np.exp(-(steps**2) / (2 * MOTION_SIGMA**2))
    smeared = np.zeros_like(ink)
    for step, weight in zip(steps, weights / weights.sum(), strict=True):
        move = (step * np.cos(angle), step * np.sin(angle))
        smeared += np.float32(weight) * _warp(ink, np.eye(2), move)
    return smeared


def shear(ink: Ink, rng: Rng) -> Ink:
    """Leaning to the left or to the right."""
    return _warp(ink, np.array([[1, np.tan(ANGLE) * _sign(rng)], [0, 1]]))


def scale(ink: Ink, _rng: Rng) -> Ink:
    """Smaller, in the middle."""
    return _warp(ink, SCALE * np.eye(2))


def rotate(ink: Ink, rng: Rng) -> Ink:
    """Turned by 23 degrees, either way."""
    sine = np.sin(ANGLE) * _sign(rng)
    return _warp(ink, np.array([[np.cos(ANGLE), -sine], [sine, np.cos(ANGLE)]]))


def brightness(ink: Ink, _rng: Rng) -> Ink:
    """All of it lighter, until what was full ink is cut off."""
    return ink + np.float32(LIGHT)


def translate(ink: Ink, rng: Rng) -> Ink:
    """Moved towards one of the corners."""
    return _warp(ink, np.eye(2), (SHIFT * _sign(rng), SHIFT * _sign(rng)))


def stripe(ink: Ink, _rng: Rng) -> Ink:
    """Inverted at the left and at the right."""
    striped = ink.copy()
    striped[:, :STRIPE] = 1 - striped[:, :STRIPE]
    striped[:, -STRIPE:] = 1 - striped[:, -STRIPE:]
    return striped


def fog(ink: Ink, rng: Rng) -> Ink:
    """A part of a cloud in front of the digit."""
    cloud, strength, step = np.zeros((FOG_SIDE, FOG_SIDE), np.float32), 1.0, FOG_SIDE
    while step >= 2:
        knots = rng.uniform(-strength, strength, (FOG_SIDE // step + 1,) * 2).astype(np.float32)
        cloud += cv2.resize(knots, cloud.shape, interpolation=cv2.INTER_LINEAR)
        strength, step = strength / FOG_DECAY, step // 2
    cloud = (cloud - cloud.min()) / np.ptp(cloud)
    return np.asarray((ink + FOG * cloud[:SIDE, :SIDE]) / (1 + FOG), np.float32)


def spatter(ink: Ink, rng: Rng) -> Ink:
    """Drops of mud that cover the ink."""
    liquid = _blur(rng.normal(0.65, 0.3, ink.shape).astype(np.float32), 1)
    mud = _blur((liquid > MUD_LEVEL).astype(np.float32), MUD_SIGMA)
    mud[mud < 0.8] = 0
    return (ink * (1 - mud) + MUD_GREY * mud).astype(np.float32)


def dotted_line(ink: Ink, rng: Rng) -> Ink:
    """A dashed line from the left to the right."""
    line = _line(np.array([0, SIDE - 1]), rng.integers(0, SIDE - 1, 2))
    line[:, np.arange(SIDE) // 2 % 2 == 0] = 0
    return ink + line


def zigzag(ink: Ink, rng: Rng) -> Ink:
    """A jagged line from the left to the right, nearly level."""
    columns = np.arange(2, SIDE - 2, 2 * ZIGZAG)
    slope = rng.integers(-5, 5) / (SIDE - 5)
    turns = ZIGZAG * (-1) ** np.arange(len(columns))
    return ink + _line(columns, rng.integers(0, SIDE - 1) + slope * (columns - 2) + turns)


def canny_edges(ink: Ink, _rng: Rng) -> Ink:
    """The outline alone, one pixel wide."""
    blurred = np.rint(_blur(ink, 1) * 255).astype(np.uint8)
    return (cv2.Canny(blurred, 25, 51, L2gradient=True) > 0).astype(np.float32)


CORRUPTIONS: Mapping[str, Callable[[Ink, Rng], Ink]] = {
    "shot noise": shot_noise,
    "impulse noise": impulse_noise,
    "glass blur": glass_blur,
    "motion blur": motion_blur,
    "shear": shear,
    "scale": scale,
    "rotate": rotate,
    "brightness": brightness,
    "translate": translate,
    "stripe": stripe,
    "fog": fog,
    "spatter": spatter,
    "dotted line": dotted_line,
    "zigzag": zigzag,
    "canny edges": canny_edges,
}


def _sign(rng: Rng) -> int:
    """Draw -1 or 1."""
    return int(rng.choice((-1, 1)))


def _blur(ink: Ink, sigma: float) -> Ink:
    """Blur evenly to all sides."""
    return cast("Ink", cv2.GaussianBlur(ink, (0, 0), sigma))


def _warp(ink: Ink, matrix: npt.NDArray[np.float64], move: Point = (0, 0)) -> Ink:
    """Map the picture by a matrix [2, 2] about its centre, then move it by (x, y) pixels."""
    shift = np.array(move) + CENTRE - matrix @ np.full(2, CENTRE)
    affine = np.column_stack([matrix, shift])
    return cast("Ink", cv2.warpAffine(ink, affine, (SIDE, SIDE), flags=cv2.INTER_LINEAR))


def _line(columns: npt.NDArray[np.int64], rows: npt.NDArray[np.floating | np.integer]) -> Ink:
    """Draw a line of soft edges through points, from the first column to the last."""
    across, down = np.arange(SIDE), np.arange(SIDE)[:, np.newaxis]
    away = np.abs(down - np.interp(across, columns, rows))
    is_between = (columns[0] <= across) & (across <= columns[-1])
    return np.asarray(np.clip(1 - away / LINE_REACH, 0, 1) * is_between, np.float32)
