"""Pens: what people write with, and how a digit is put on paper with one.

digit, paper, rng -> ink (`ink.write`) -> texture of the pen -> Scene
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from training.uploads import pixels
from training.uploads.ink import Pen, Place, write
from training.uploads.noise import grain
from training.uploads.paper import Colour
from training.uploads.pixels import Field, Size
from training.uploads.scene import Rng, Scene, blend, chance, coloured, pick, uniform

Digit = npt.NDArray[np.uint8]
Kind = Callable[[Digit, Rng], Scene]


def any_pen(rng: Rng) -> Pen:
    """Draw a pen: nearly half keep the digit's own strokes, the rest are of one even width."""
    softness = uniform(rng, 0.9, 1.8)
    if chance(rng, 0.45):
        return Pen(weight=float(np.clip(rng.normal(0, 0.008), -0.015, 0.025)), softness=softness)
    width = float(np.exp(uniform(rng, np.log(0.022), np.log(0.13))))
    return Pen(width, pressure=pick(rng, 0.0, 0.2, 0.4), softness=softness)


def firm_pen(rng: Rng) -> Pen:
    """Draw a pen whose line survives blur and noise."""
    if chance(rng, 0.45):
        return Pen(weight=uniform(rng, 0.0, 0.02))
    return Pen(uniform(rng, 0.05, 0.13), pressure=pick(rng, 0.0, 0.2))


def put(
    digit: Digit,
    rng: Rng,
    paper: Field,
    colour: Colour,
    *,
    pen: Pen | None = None,
    place: Place | None = None,
) -> Scene:
    """Write a digit on paper in a colour; grey paper becomes coloured if the ink is."""
    ink = write(digit, (paper.shape[0], paper.shape[1]), rng, pen or any_pen(rng), place)
    return inked(paper, ink, colour)


def inked(paper: Field, ink: Field, colour: Colour, *, opacity: float | Field = 1.0) -> Scene:
    """Colour an ink mask on paper: `opacity` 0..1, a number or float32 [H, W]."""
    is_grey = max(colour) - min(colour) < 1
    base = paper if is_grey or paper.ndim == 3 else coloured(paper)
    return Scene(blend(base, ink * np.asarray(opacity, np.float32), colour), ink)


def crumbs(size: Size, rng: Rng, *, cover: float, contrast: float = 0.5) -> Field:
    """Return how much of a dry pen (pencil, chalk) rubs off: float32 [H, W]; 0..1, mean about `cover`."""
    return pixels.cut(np.float32(cover) + np.float32(contrast) * grain(size, rng, blur=0.7))


def hard(ink: Field, level: float = 0.5) -> Field:
    """Return ink without anti-aliasing: 0 or 1."""
    return (ink > level).astype(np.float32)


def bounds(ink: Field) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of what is ink, in pixels; the whole if there is none."""
    return pixels.bounds(ink > 0.3) or (0, 0, ink.shape[1], ink.shape[0])
