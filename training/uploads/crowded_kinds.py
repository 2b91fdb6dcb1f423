"""Kinds of uploads that show more than the digit: boxes, windows, strays, the next digit."""

import numpy as np

from training.uploads import paper as papers
from training.uploads import pixels
from training.uploads.ink import Pen, Place, write
from training.uploads.paper import INKS, draw_colour, sheet
from training.uploads.paper_kinds import white_sheet
from training.uploads.pens import Digit, any_pen, bounds, firm_pen, inked
from training.uploads.pixels import Field, Size
from training.uploads.scene import (
    Rng,
    Scene,
    blend,
    chance,
    draw_size,
    flat,
    pick,
    size_of,
    uniform,
)
from training.uploads.strokes import draw_digit


def form_box(digit: Digit, rng: Rng) -> Scene:
    """A digit in a printed box that it may touch or cross; other boxes and a caption may be near."""
    size = draw_size(rng, median=165)
    paper = white_sheet(rng, size)
    ink = write(digit, size, rng, any_pen(rng), Place(height=(0.4, 0.66), spread=0.25))
    frame = _frame_around(ink, rng)
    line = pick(rng, 1.0, 1.5, 2.5, 4.0)
    lines = papers.box(size, frame, line)
    if chance(rng, 0.5):  # a row of boxes
        side = frame[2] - frame[0] + pick(rng, 0.0, 0.0, 8.0)
        for shift in (-side, side):
            row = (frame[0] + shift, frame[1], frame[2] + shift, frame[3])
            lines = np.maximum(lines, papers.box(size, row, line))
    if chance(rng, 0.15):
        lines = np.maximum(lines, papers.lettering(size, rng, height=9))
    tone = (uniform(rng, 0, 150),) * 3
    printed = blend(paper, lines, tone if chance(rng, 0.7) else draw_colour(rng, INKS))
    return inked(printed, ink, draw_colour(rng, INKS))


def _frame_around(ink: Field, rng: Rng) -> tuple[float, float, float, float]:
    """Return a box around ink that is roomy, tight, or crossed by it on one side."""
    left, top, right, bottom = bounds(ink)
    height = bottom - top
    room = height * uniform(rng, 0.04, 0.3)
    half = max(height, right - left) / 2 * pick(rng, 0.85, 1.0, 1.2) + room
    middle = (left + right) / 2 + rng.normal(0, 0.06) * height
    shift = float(rng.normal(0, 0.05)) * height
    half = max(half, (right - left) / 2 + 1)
    return middle - half, top - room + shift, middle + half, bottom + room + shift


def meter_window(digit: Digit, rng: Rng) -> Scene:
    """A light digit on a dark drum behind the framed window of a meter; its neighbours may show."""
    size = draw_size(rng, median=170)
    body = sheet(size, (uniform(rng, 90, 235),) * 3, rng, roughness=0.01)
    ink = write(digit, size, rng, firm_pen(rng), Place(height=(0.45, 0.68), spread=0.2, tilt=1.5))
    left, top, right, bottom = bounds(ink)
    room_x, room_y = (uniform(rng, 0.12, 0.35) * (bottom - top) for _ in range(2))
    frame = (left - room_x, top - room_y, right + room_x, bottom + room_y)
    window = _inside(size, frame)
    picture = blend(body, window, (uniform(rng, 5, 55),) * 3)
    if chance(rng, 0.3):
        rolled = _rolled(ink, rng) * window
        picture = blend(picture, rolled, (210, 210, 210))
    picture = blend(picture, ink * window, (uniform(rng, 190, 255),) * 3)
    lines = papers.box(size, frame, uniform(rng, 2, 7))
    return Scene(blend(picture, lines, (pick(rng, 20, 60, 150, 245),) * 3), ink * window)


def _rolled(ink: Field, rng: Rng) -> Field:
    """Return the next digit of a drum, just above or below the one that is read."""
    size = size_of(ink)
    place = Place(height=(0.5, 0.6), spread=0.0, tilt=1.5)
    other = write(draw_digit(int(rng.integers(10)), rng), size, rng, Pen(0.09), place)
    left, top, right, bottom = bounds(ink)
    other_left, other_top, other_right, other_bottom = bounds(other)
    gap = (bottom - top) * uniform(rng, 0.08, 0.2)
    lift = top - gap - other_bottom if chance(rng, 0.5) else bottom + gap - other_top
    aside = (left + right - other_left - other_right) / 2
    return pixels.affine(other, np.array([[1, 0, aside], [0, 1, lift]]), size)


def _inside(size: Size, frame: tuple[float, float, float, float]) -> Field:
    """Return the mask of a box's inside."""
    mask = np.zeros(size, np.float32)
    left, top, right, bottom = (max(0, int(edge)) for edge in frame)
    mask[top:bottom, left:right] = 1
    return mask


def stray_strokes(digit: Digit, rng: Rng) -> Scene:
    """Short strokes of the same pen near the digit."""
    size = draw_size(rng)
    ink = write(digit, size, rng, any_pen(rng), Place(height=(0.4, 0.7), spread=0.35))
    strays = np.zeros(size, np.float32)
    for _ in range(int(rng.integers(1, 3))):
        strays = np.maximum(strays, _stray(size, bounds(ink), rng))
    is_dark = chance(rng, 0.75)
    paper = white_sheet(rng, size) if is_dark else flat(size, (uniform(rng, 0, 40),) * 3)
    colour = draw_colour(rng, INKS[:5]) if is_dark else (uniform(rng, 190, 255),) * 3
    scene = inked(paper, np.maximum(ink, strays), colour)
    return Scene(scene.picture, ink)


def _stray(size: Size, digit: tuple[int, int, int, int], rng: Rng) -> Field:
    """Return one short stroke outside a digit's box, at most a fifth of its height long."""
    left, top, right, bottom = digit
    length = (bottom - top) * uniform(rng, 0.05, 0.18)
    angle = uniform(rng, 0, np.pi)
    gap = length / 2 + (bottom - top) * uniform(rng, 0.08, 0.3)
    beside = (pick(rng, left - gap, right + gap), uniform(rng, top, bottom))
    below = (uniform(rng, left, right), pick(rng, top - gap, bottom + gap))
    x, y = beside if chance(rng, 0.6) else below
    reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    width = max(1, round((bottom - top) * uniform(rng, 0.02, 0.06)))
    return pixels.line(size, np.array([x, y]) + np.stack([-reach, reach]), width)


def neighbour_digit(digit: Digit, rng: Rng) -> Scene:
    """A part of the next digit at the border, as in a picture cut out of a number."""
    size = draw_size(rng)
    pen = any_pen(rng)
    ink = write(digit, size, rng, pen, Place(height=(0.5, 0.75), spread=0.2))
    other = draw_digit(int(rng.integers(10)), rng)
    beside = write(other, (size[0], size[0]), rng, pen, Place(height=(0.5, 0.75), spread=0.2))
    left, _, right, _ = bounds(beside)
    shown = max(1, round((right - left) * uniform(rng, 0.12, 0.45)))
    free_left, _, free_right, _ = bounds(ink)
    canvas = np.zeros(size, np.float32)
    on_left = free_left > size[1] - free_right
    shown = min(shown, max(2, (free_left if on_left else size[1] - free_right) - 3))
    if on_left:
        canvas[:, :shown] = beside[:, right - shown : right]
    else:
        canvas[:, size[1] - shown :] = beside[:, left : left + shown]
    is_dark = chance(rng, 0.75)
    paper = white_sheet(rng, size) if is_dark else flat(size, (uniform(rng, 0, 40),) * 3)
    colour = draw_colour(rng, INKS[:5]) if is_dark else (uniform(rng, 190, 255),) * 3
    return Scene(inked(paper, np.maximum(ink, canvas), colour).picture, ink)
