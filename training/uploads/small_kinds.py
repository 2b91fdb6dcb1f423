"""Kinds of uploads of very few pixels: drawings made for a network that are not in MNIST's form."""

import numpy as np

from training.uploads import pixels
from training.uploads.ink import Pen, Place, write
from training.uploads.noise import grain
from training.uploads.pens import Digit, hard, inked
from training.uploads.pixels import Field, Size
from training.uploads.scene import Rng, Scene, across, chance, flat, pick, size_of, uniform
from training.uploads.thinning import thin

FINE = 6  # pixels drawn for one that is kept, where small pictures are reduced from larger ones


def small_hard_drawing(digit: Digit, rng: Rng) -> Scene:
    """A pixel drawing of 28x28 or so: hard lines one to three pixels wide, anywhere, of any size."""
    size = _small_size(rng)
    ink = write(digit, size, rng, Pen(softness=0.5), _small_place())
    line = _one_pixel(ink)
    thickness = int(pick(rng, 1, 1, 1, 2, 3))
    if thickness > 1:
        line = pixels.dilate(line, np.ones((thickness, thickness), np.uint8))
    return _toned(line, rng, is_hard=True)


def small_soft_drawing(digit: Digit, rng: Rng) -> Scene:
    """An anti-aliased drawing of 28x28 or so, reduced from a canvas: thin and pale to thick and soft."""
    size = _small_size(rng)
    width = float(np.exp(uniform(rng, np.log(0.025), np.log(0.17))))
    pen = Pen() if chance(rng, 0.2) else Pen(width, softness=uniform(rng, 1, FINE * 1.5))
    large = write(digit, (size[0] * FINE, size[1] * FINE), rng, pen, _small_place())
    ink = pixels.resize(large, size, pixels.AREA)
    if ink.max() < 0.4:
        ink = ink * np.float32(0.45 / max(float(ink.max()), 0.05))
    return _toned(ink, rng, is_hard=False)


def small_brush_drawing(digit: Digit, rng: Rng) -> Scene:
    """A web canvas for MNIST: a fat soft brush, light on dark, too large, too small or off-centre."""
    size = _small_size(rng)
    pen = Pen(uniform(rng, 0.09, 0.17), softness=uniform(rng, FINE, 3 * FINE))
    large = write(digit, (size[0] * FINE, size[1] * FINE), rng, pen, _small_place())
    ink = pixels.resize(large, size, pixels.AREA)
    ground, light = pick(rng, 0, 0, 0, 18), uniform(rng, 200, 255)
    ink = np.clip(ink * np.float32(uniform(rng, 1.0, 1.3)), 0, 1)
    return inked(flat(size, (ground,) * 3), ink, (light,) * 3)


def grey_16x16(digit: Digit, rng: Rng) -> Scene:
    """A scan of 16x16 in grey whose digit fills it, as the USPS digits are."""
    place = Place(height=(0.86, 1.0), spread=1.0, bend=0.02)
    pen = Pen(weight=uniform(rng, -0.005, 0.03), softness=uniform(rng, 4, 14))
    large = write(digit, (128, 128), rng, pen, place)
    ink = pixels.resize(large, (16, 16), pixels.AREA)
    return _toned(ink, rng, is_hard=False, dark=0.35)


def counts_8x8(digit: Digit, rng: Rng) -> Scene:
    """A picture of 8x8 in 17 levels: how many of 4x4 pixels are ink, as in UCI's optical digits."""
    place = Place(height=(0.9, 1.0), spread=0.3, tilt=1.5, slant=0.03, bend=0.02)
    pen = Pen(weight=uniform(rng, 0.0, 0.03)) if chance(rng, 0.6) else Pen(uniform(rng, 0.09, 0.15))
    fine = hard(write(digit, (32, 32), rng, pen, place))
    ink = pixels.resize(fine, (8, 8), pixels.AREA)
    scene = _toned(ink, rng, is_hard=True, dark=0.35)
    if chance(rng, 0.6):
        return scene
    side = 8 * int(rng.integers(2, 16))
    how = pixels.NEAREST if chance(rng, 0.6) else pixels.CUBIC
    return Scene(
        pixels.resize(scene.picture, (side, side), how), pixels.resize(scene.ink, (side, side), how)
    )


def _small_size(rng: Rng) -> Size:
    """Draw a size that people reduce drawings to: mostly 28x28."""
    side = int(pick(rng, 28, 28, 28, 28, 32, 32, 24, 40, 48, 64))
    return side, side


def _small_place() -> Place:
    """Return where small drawings lie: anywhere, of 0.4 to 1.0 of the side."""
    return Place(height=(0.42, 0.98), spread=0.8, tilt=3.0, bend=0.02)


def _one_pixel(ink: Field) -> Field:
    """Thin ink to lines one pixel wide, up to the border."""
    framed = np.pad((ink > 0.4).astype(np.uint8), 1)
    return thin(framed)[1:-1, 1:-1].astype(np.float32)


def _toned(ink: Field, rng: Rng, *, is_hard: bool, dark: float = 0.7) -> Scene:
    """Give ink and ground their greys: dark on light with the probability `dark`, else the reverse."""
    low = pick(rng, 0, 0, 0, 20, 60)
    high = pick(rng, 255, 255, 255, 245, 230)
    ground, tone = (high, low) if chance(rng, dark) else (low / 3, high)
    size = size_of(ink)
    paper = flat(size, (ground,) * 3)
    if chance(rng, 0.12):  # cream ground
        paper = pixels.stack(paper, paper * np.float32(0.985), paper * np.float32(0.93))
    if not is_hard and chance(rng, 0.1):
        paper = paper + across(grain(size, rng) * np.float32(3), paper)
    return inked(paper, ink, (tone,) * 3)
