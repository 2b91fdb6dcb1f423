"""Digits drawn from strokes, in the styles that MNIST has few of.

label -> style (points of its strokes) -> jitter -> splines -> slant, aspect -> pen -> ink

A stroke is a list of points in a box of side 1, x to the right and y down; the line through them is
smooth, and a point that is named twice is a corner.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from training.uploads import pixels
from training.uploads.curves import Stroke
from training.uploads.scene import Rng, uniform
from training.uploads.styles import STYLES

SIDE = 168  # pixels: 6 x 28
SAMPLES = 10  # points of the spline between two points of the stroke

# Catmull-Rom: position between the second and third of four points, by powers of t.
_SPLINE = 0.5 * np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]])
_POWERS = np.linspace(0, 1, SAMPLES, endpoint=False)[:, None] ** np.arange(4) @ _SPLINE


def draw_digit(label: int, rng: Rng) -> npt.NDArray[np.uint8]:
    """Draw a digit as somebody writes it.

    Styles: European 1 with flag and foot, crossed 7, 7 with a serif, 9 with a curled, straight or
    g-like tail, open and closed 4, slashed and dotted 0, 6 with a small loop, 2 with a loop, 3 with a
    flat top, 5 with a detached bar, 8 of two circles, and the plain forms.

    Args:
        label: 0..9.
        rng: Draws style, jitter, slant, aspect and pen.

    Returns:
        uint8 [168, 168]; 0 = paper, 255 = ink.
    """
    styles = STYLES[label]
    weights = np.array([style.weight for style in styles], float)
    style = styles[int(rng.choice(len(styles), p=weights / weights.sum()))]
    return draw_strokes(style.draw(rng), rng)


def draw_strokes(
    strokes: Sequence[Stroke], rng: Rng, *, aspect: tuple[float, float] = (0.45, 0.85)
) -> npt.NDArray[np.uint8]:
    """Draw strokes with a hand's jitter, slant and pen.

    Args:
        strokes: Points in a box of side 1.
        rng: Draws the jitter, slant, aspect and pen.
        aspect: Range of width by height.

    Returns:
        uint8 [168, 168]; 0 = paper, 255 = ink.
    """
    jitter = uniform(rng, 0.005, 0.03)
    slant = float(np.clip(rng.normal(0.08, 0.14), -0.3, 0.45))
    ratio = uniform(rng, *aspect)
    lines = [_line(stroke, rng, jitter) for stroke in strokes]
    bent = [
        np.column_stack([points[:, 0] * ratio + slant * (1 - points[:, 1]), points[:, 1]])
        for points in lines
    ]
    return _draw(bent, round(uniform(rng, 5, 16)))


def _line(stroke: Stroke, rng: Rng, jitter: float) -> npt.NDArray[np.float64]:
    """Return a smooth line through the jittered points of a stroke, float64 [N, 2]."""
    points = np.asarray(stroke, float)
    moved = points + rng.normal(0, jitter, points.shape)
    doubled = np.flatnonzero((points[1:] == points[:-1]).all(axis=1))
    moved[doubled + 1] = moved[doubled]
    framed = np.concatenate([moved[:1], moved, moved[-1:]])
    quads = np.stack([framed[i : i + len(moved) - 1] for i in range(4)], axis=1)
    return np.concatenate([np.einsum("st,ntc->nsc", _POWERS, quads).reshape(-1, 2), moved[-1:]])


def _draw(lines: Sequence[npt.NDArray[np.float64]], width: int) -> npt.NDArray[np.uint8]:
    """Draw lines with a round pen, scaled to fill five sevenths of the sheet, in its middle."""
    points = np.concatenate(lines)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = SIDE * 5 / 7 / max(float((high - low).max()), 1e-6)
    ink = np.zeros((SIDE, SIDE), np.float32)
    for line in lines:
        placed = (line - (low + high) / 2) * scale + SIDE / 2
        ink = np.maximum(ink, pixels.line((SIDE, SIDE), placed, width))
    return (ink * 255).astype(np.uint8)
