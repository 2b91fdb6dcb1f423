"""Kinds of uploads that are drawn on a screen: flat, clean, of any colour and polarity."""

import numpy as np

from training.uploads import pixels
from training.uploads.ink import Pen, Place, write
from training.uploads.noise import clouds, grain
from training.uploads.paper import INKS, Colour, draw_colour, shade
from training.uploads.pens import Digit, any_pen, hard, inked, put
from training.uploads.pixels import Field
from training.uploads.scene import (
    BLACK,
    WHITE,
    Rng,
    Scene,
    across,
    blend,
    chance,
    coloured,
    draw_size,
    flat,
    luma,
    mix,
    pick,
    size_of,
    uniform,
)

BRIGHT: tuple[Colour, ...] = (
    (66, 72, 210),
    (220, 40, 40),
    (30, 140, 60),
    (250, 120, 20),
    (150, 40, 170),
    (0, 140, 200),
    (240, 60, 140),
)


def dark_on_white(digit: Digit, rng: Rng) -> Scene:
    """Dark grey or black on white or nearly white."""
    paper = flat(draw_size(rng), (pick(rng, 255, 255, 250, 240),) * 3)
    return put(digit, rng, paper, (uniform(rng, 0, 60),) * 3)


def light_on_dark(digit: Digit, rng: Rng) -> Scene:
    """White or light grey on black or nearly black."""
    paper = flat(draw_size(rng), (pick(rng, 0, 0, 12, 45),) * 3)
    return put(digit, rng, paper, (uniform(rng, 170, 255),) * 3)


def coloured_pen(digit: Digit, rng: Rng) -> Scene:
    """A bright pen on white, or a light one on black."""
    colour = draw_colour(rng, BRIGHT, spread=20)
    if chance(rng, 0.3):
        return put(digit, rng, flat(draw_size(rng), BLACK), shade(colour, 1.5))
    return put(digit, rng, flat(draw_size(rng), WHITE), colour)


def thin_pen(digit: Digit, rng: Rng) -> Scene:
    """A line of one to three pixels around a large digit, either polarity."""
    ink, paper = (uniform(rng, 0, 70), 255.0) if chance(rng, 0.7) else (uniform(rng, 190, 255), 0.0)
    pen = Pen(uniform(rng, 0.008, 0.022), pressure=pick(rng, 0, 0.4), softness=1.0)
    return put(digit, rng, flat(draw_size(rng), (paper,) * 3), (ink,) * 3, pen=pen)


def thick_marker(digit: Digit, rng: Rng) -> Scene:
    """A broad tip: a line of a seventh to a fifth of the digit's height."""
    pen = Pen(uniform(rng, 0.13, 0.19), softness=uniform(rng, 0.8, 2.5))
    if chance(rng, 0.3):
        return put(digit, rng, flat(draw_size(rng), BLACK), (uniform(rng, 180, 255),) * 3, pen=pen)
    colour = draw_colour(rng, INKS) if chance(rng, 0.5) else (uniform(rng, 0, 50),) * 3
    return put(digit, rng, flat(draw_size(rng), WHITE), colour, pen=pen)


def touching_border(digit: Digit, rng: Rng) -> Scene:
    """Ink that touches a border, or is cut there by a little."""
    is_dark = chance(rng, 0.7)
    paper = flat(draw_size(rng), WHITE if is_dark else BLACK)
    place = Place(height=(0.6, 0.97), overhang=uniform(rng, 0.0, 0.05), spread=1.0)
    return put(digit, rng, paper, BLACK if is_dark else WHITE, place=place)


def tiny_off_centre(digit: Digit, rng: Rng) -> Scene:
    """A digit of 20 to 45 pixels anywhere on a large picture."""
    size = draw_size(rng, median=300)
    shorter = min(size)
    place = Place(height=(20 / shorter, 45 / shorter), spread=1.0)
    pen = Pen() if chance(rng, 0.5) else Pen(uniform(rng, 0.05, 0.12))
    is_dark = chance(rng, 0.65)
    paper = flat(size, (uniform(rng, 225, 255) if is_dark else uniform(rng, 0, 30),) * 3)
    return put(digit, rng, paper, BLACK if is_dark else WHITE, pen=pen, place=place)


def paint_drawing(digit: Digit, rng: Rng) -> Scene:
    """A mouse drawing without anti-aliasing, 200..400 pixels; some apps add their sign in a corner."""
    size = draw_size(rng, median=290)
    width = pick(rng, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.16)
    ink = write(digit, size, rng, Pen(width, softness=0.1), Place(bend=0.04))
    ink = _brush(ink, rng)
    is_dark = chance(rng, 0.65)
    bright = draw_colour(rng, BRIGHT, spread=0)
    colour = bright if chance(rng, 0.3) else BLACK if is_dark else (pick(rng, 192, 255, 255),) * 3
    scene = inked(flat(size, WHITE if is_dark else BLACK), ink, colour)
    return _signed(scene, rng) if chance(rng, 0.1) else scene


def _brush(ink: Field, rng: Rng) -> Field:
    """Draw with a hard brush, mostly round; else square, slanted, or a spray can."""
    choice = rng.random()
    line = hard(ink)
    if choice < 0.7:
        return line
    if choice < 0.82:
        return pixels.dilate(line, np.ones((3, 3), np.uint8))
    if choice < 0.92:
        nib = np.eye(int(rng.integers(3, 8)), dtype=np.uint8)[::-1].copy()
        return pixels.dilate(line, nib)
    spread = pixels.blur(line, 2.5)
    return hard(spread * (1 + np.float32(0.6) * grain(size_of(ink), rng)), 0.4)


def _signed(scene: Scene, rng: Rng) -> Scene:
    """Put an app's coloured button into the lower right corner."""
    picture = coloured(scene.picture).copy()
    button = flat((14, 44), draw_colour(rng, BRIGHT))
    word = pixels.words((14, 44), ["Paint"], [(5, 11)], 8)
    picture[-18:-4, -48:-4] = blend(coloured(button), word, WHITE)
    return Scene(picture, scene.ink)


def tablet_drawing(digit: Digit, rng: Rng) -> Scene:
    """A smooth line whose width follows the pen's pressure."""
    pen = Pen(
        uniform(rng, 0.025, 0.1), pressure=uniform(rng, 0.3, 0.9), softness=uniform(rng, 1, 2)
    )
    is_dark = chance(rng, 0.7)
    size = draw_size(rng, median=240)
    ink = write(digit, size, rng, pen, Place(bend=0.02))
    dark = draw_colour(rng, INKS) if chance(rng, 0.4) else (uniform(rng, 0, 50),) * 3
    paper = flat(size, (uniform(rng, 235, 255),) * 3 if is_dark else (uniform(rng, 0, 40),) * 3)
    opacity = uniform(rng, 0.7, 1.0)
    return inked(paper, ink, dark if is_dark else WHITE, opacity=opacity)


def neon_drawing(digit: Digit, rng: Rng) -> Scene:
    """A glowing or gradient line on a dark or coloured ground, as drawing apps offer."""
    size = draw_size(rng, median=220)
    first, second = draw_colour(rng, BRIGHT), draw_colour(rng, BRIGHT)
    ground = shade(draw_colour(rng, BRIGHT), uniform(rng, 0.0, 0.25))
    ink = write(digit, size, rng, Pen(uniform(rng, 0.04, 0.12), softness=1.5), Place())
    share = pixels.cut(clouds(size, rng, cells=2) * 0.5 + 0.5)
    colours = blend(coloured(flat(size, shade(first, 1.7))), share, shade(second, 1.7))
    picture = coloured(flat(size, ground))
    glow = pixels.soften(ink, uniform(rng, 3, 9)) * np.float32(uniform(rng, 0.3, 0.8))
    picture = mix(picture, colours, np.maximum(ink, glow))
    core = np.clip(pixels.blur(ink, 1.5) * 2 - 1, 0, 1) * np.float32(pick(rng, 0, 0.8))
    return Scene(blend(picture, core, WHITE), ink)


def poster_print(digit: Digit, rng: Rng) -> Scene:
    """A coloured digit with an outline, a shadow, a gradient or a raised edge, as on posters and toys."""
    size = draw_size(rng, median=210)
    ink = write(digit, size, rng, Pen(weight=uniform(rng, 0, 0.03)), Place(height=(0.5, 0.85)))
    colour = draw_colour(rng, BRIGHT, spread=25)
    picture = coloured(flat(size, (uniform(rng, 235, 255),) * 3))
    if chance(rng, 0.5):
        picture = blend(picture, _cast(ink, rng), (uniform(rng, 60, 150),) * 3)
    if chance(rng, 0.35):
        rim = pixels.dilate(ink, pixels.disc(int(rng.integers(1, 4))))
        picture = blend(picture, rim, shade(colour, uniform(rng, 0.0, 0.5)))
    return Scene(_filled(picture, ink, colour, rng), ink)


def _cast(ink: Field, rng: Rng) -> Field:
    """Return the soft shadow that a raised digit casts, displaced by a few pixels."""
    moves = np.array([[1, 0, uniform(rng, -5, 6)], [0, 1, uniform(rng, 1, 6)]])
    moved = pixels.affine(ink, moves, size_of(ink))
    return pixels.blur(moved, uniform(rng, 1, 4)) * np.float32(uniform(rng, 0.3, 0.6))


def _filled(picture: Field, ink: Field, colour: Colour, rng: Rng) -> Field:
    """Fill a digit with a colour that runs from top to bottom, with a raised edge or with dots."""
    fall = np.linspace(1.15, uniform(rng, 0.6, 1.1), ink.shape[0], dtype=np.float32)[:, None]
    gain, gloss = np.broadcast_to(fall, ink.shape).copy(), np.zeros_like(ink)
    if chance(rng, 0.3):
        relief = pixels.slope(pixels.blur(ink, 2.5))
        gain *= 1 + np.float32(0.12) * relief
    if chance(rng, 0.15):
        x, y = np.arange(ink.shape[1]) * 0.9, np.arange(ink.shape[0]) * 0.9
        gloss[np.sin(x) + np.sin(y)[:, None] > 0.6] = 40
    fill = coloured(flat(size_of(ink), colour)) * across(gain, picture) + across(gloss, picture)
    return mix(picture, fill, ink)


def transparent_png(digit: Digit, rng: Rng) -> Scene:
    """Ink on nothing: the picture has an alpha channel, float32 [H, W, 4], and no paper."""
    ink = write(digit, draw_size(rng), rng, any_pen(rng), Place(height=(0.4, 0.9)))
    light: Colour = (uniform(rng, 200, 255),) * 3
    colour = draw_colour(rng, INKS) if chance(rng, 0.65) else light
    hidden = colour if chance(rng, 0.5) else BLACK if luma(colour) < 128 else WHITE
    picture = coloured(flat(size_of(ink), hidden))
    picture = blend(picture, hard(ink, 0.0), colour)
    return Scene(np.dstack([picture, ink * 255]).astype(np.float32), ink)
