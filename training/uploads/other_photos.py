"""What stands in for photographs: landscapes, things, hands and heads, put together from masks.

rng -> background -> shaded masks -> light, lens, sensor -> float32 [H, W, 3]
"""

import numpy as np

from training.uploads import camera, light, pixels
from training.uploads import paper as papers
from training.uploads.noise import clouds, fractal
from training.uploads.paper import SHEETS, Colour, draw_colour
from training.uploads.pixels import Field, Size
from training.uploads.scene import (
    Rng,
    Scene,
    across,
    blend,
    coloured,
    draw_size,
    flat,
    mix,
    size_of,
    uniform,
)


def landscape(rng: Rng) -> Field:
    """Sky, hills one behind the other, and what grows on them."""
    size = draw_size(rng)
    height, width = size
    fall = np.linspace(1.1, 0.8, height, dtype=np.float32)[:, None, None]
    sky = draw_colour(
        rng, ((130, 180, 235), (200, 210, 225), (240, 190, 150), (90, 110, 150)), spread=15
    )
    picture = coloured(flat(size, sky)) * fall
    picture = blend(picture, pixels.cut(fractal(size, rng) * 2 - 0.9), (245, 245, 245))
    y = np.arange(height, dtype=np.float32)[:, None]
    horizon = uniform(rng, 0.35, 0.6)
    for _ in range(int(rng.integers(2, 5))):
        ridge = clouds((8, width), rng, cells=int(rng.integers(4, 9)))[4] * np.float32(
            0.06 * height
        )
        mask = pixels.cut(y - ridge - np.float32(horizon * height))
        ground = draw_colour(
            rng, ((70, 100, 50), (120, 140, 80), (110, 90, 60), (60, 70, 80)), spread=15
        )
        growth = 0.7 + 0.6 * fractal(size, rng, octaves=6)
        picture = mix(picture, across(growth, picture) * flat(size, ground), mask)
        horizon += uniform(rng, 0.08, 0.25)
    return _finished(picture, rng)


def object_photo(rng: Rng) -> Field:
    """One to four round or edged things before a background, shaded and with shadows."""
    picture = _background(draw_size(rng), rng)
    size = size_of(picture)
    for _ in range(int(rng.integers(1, 5))):
        centre = rng.uniform(0.25, 0.75, 2) * size[::-1]
        radius = uniform(rng, 0.12, 0.4) * min(size)
        corners = int(rng.integers(3, 11))
        angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
        reach = radius * rng.uniform(0.6, 1.2, (corners, 1))
        outline = centre + reach * np.column_stack([np.cos(angles), np.sin(angles)])
        mask = pixels.cut(pixels.blur(pixels.polygon(size, outline), uniform(rng, 0.6, 5)) * 3 - 1)
        picture = _solid(picture, mask, draw_any_colour(rng), rng)
    return _finished(picture, rng)


def hand_photo(rng: Rng) -> Field:
    """A hand with one to five fingers stretched, on a sheet or before a wall."""
    picture = _background(draw_size(rng), rng)
    size = size_of(picture)
    unit = min(size)
    palm = np.array(size[::-1]) * rng.uniform(0.4, 0.6, 2)
    turn = uniform(rng, 0, 2 * np.pi)
    wrist = palm - 0.8 * unit * np.array([np.cos(turn), np.sin(turn)])
    mask = pixels.line(size, np.stack([wrist, palm]), int(0.26 * unit))
    mask = np.maximum(mask, pixels.dots(size, palm[None], np.array([0.19 * unit])))
    for spread in rng.choice(
        (-0.9, -0.4, -0.05, 0.3, 0.65), int(rng.integers(1, 6)), replace=False
    ):
        angle = turn + float(spread) + rng.normal(0, 0.05)
        tip = palm + uniform(rng, 0.36, 0.5) * unit * np.array([np.cos(angle), np.sin(angle)])
        mask = np.maximum(mask, pixels.line(size, np.stack([palm, tip]), int(0.085 * unit)))
    skin: tuple[Colour, ...] = ((225, 180, 155), (195, 145, 115), (140, 95, 70), (95, 65, 50))
    return _finished(_solid(picture, pixels.blur(mask, 1.2), draw_colour(rng, skin), rng), rng)


def portrait_photo(rng: Rng) -> Field:
    """A head with hair, eyes and a mouth on shoulders, before a background."""
    picture = _background(draw_size(rng), rng)
    size = size_of(picture)
    unit = min(size)
    head = np.array(size[::-1]) * np.array([uniform(rng, 0.4, 0.6), uniform(rng, 0.35, 0.45)])
    shoulders = head + np.array([[-0.45, 0.9], [-0.3, 0.35], [0.3, 0.35], [0.45, 0.9]]) * unit
    skin = draw_colour(rng, ((225, 180, 155), (195, 145, 115), (140, 95, 70), (95, 65, 50)))
    radius = uniform(rng, 0.17, 0.23) * unit
    up, side = np.array([0, -0.3 * radius]), np.array([0.38 * radius, 0])
    discs = (
        (
            head + up,
            1.15 * radius,
            draw_colour(rng, ((40, 30, 25), (110, 75, 45), (190, 160, 110))),
        ),
        (head + 0.4 * radius * np.array([0, 1]), 0.9 * radius, skin),
        (head - side, 0.1 * radius, (40, 30, 30)),
        (head + side, 0.1 * radius, (40, 30, 30)),
    )
    picture = _solid(picture, pixels.polygon(size, shoulders), draw_any_colour(rng), rng)
    for centre, reach, colour in discs:
        mask = pixels.blur(pixels.dots(size, centre[None], np.array([reach])), 1.0)
        picture = _solid(picture, mask, colour, rng)
    mouth = head + np.array([[-0.35, 0.8], [0, 0.9], [0.35, 0.8]]) * radius
    lips = pixels.line(size, mouth, max(1, int(0.1 * radius)))
    return _finished(blend(picture, lips, (150, 60, 60)), rng)


def _background(size: Size, rng: Rng) -> Field:
    """A wall, a sheet with folds, a table, or something out of focus: float32 [H, W, 3]."""
    choice = rng.random()
    if choice < 0.35:
        folds = papers.crumple(size, rng, depth=uniform(rng, 0.05, 0.2))
        wall = coloured(flat(size, draw_colour(rng, SHEETS)))
        return wall * across(folds, wall)
    if choice < 0.55:
        return papers.table(size, rng)
    share = pixels.cut(0.5 + 0.4 * clouds(size, rng, cells=int(rng.integers(3, 7))))
    return blend(coloured(flat(size, draw_any_colour(rng))), share, draw_any_colour(rng))


def _solid(picture: Field, mask: Field, colour: Colour, rng: Rng) -> Field:
    """Set a rounded, shaded thing into a picture, with its shadow beneath."""
    size = size_of(picture)
    step = min(size) * 0.03
    moved = pixels.affine(mask, np.array([[1, 0, step], [0, 1, step]]), size)
    picture = picture * across(1 - 0.4 * pixels.soften(moved, max(1.0, step)), picture)
    shade = 0.75 + 0.35 * pixels.soften(mask, min(size) * 0.06) + 0.1 * clouds(size, rng, cells=6)
    return mix(picture, coloured(flat(size, colour)) * across(shade, picture), mask)


def _finished(picture: Field, rng: Rng) -> Field:
    """Light and photograph what was put together."""
    size = size_of(picture)
    scene = Scene(picture, np.zeros(size, np.float32))
    scene = scene.lit(light.uneven(size, rng, depth=uniform(rng, 0.05, 0.4)))
    scene = camera.expose(camera.defocus(scene, uniform(rng, 0.3, 1.2)), rng)
    return camera.sense(scene, rng, noise=uniform(rng, 1, 6)).picture


def draw_any_colour(rng: Rng) -> Colour:
    """Draw any colour that is not too pure."""
    mean = uniform(rng, 30, 220)
    return tuple(float(np.clip(mean + rng.normal(0, 35), 0, 255)) for _ in range(3))
