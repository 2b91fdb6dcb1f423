"""Scenes without a digit: blank paper, text, codes, textures, and what stands in for photographs.

rng -> fields (noise, polygons, light) -> colours -> float32 [H, W(, 3)]
"""

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from training.uploads import camera, light, pixels
from training.uploads import paper as papers
from training.uploads.fonts import find_fonts, print_text
from training.uploads.noise import clouds, fractal, grain
from training.uploads.paper import INKS, PASTELS, SHEETS, Colour, draw_colour, sheet
from training.uploads.pixels import Field, Size
from training.uploads.scene import (
    Rng,
    Scene,
    across,
    blend,
    chance,
    coloured,
    draw_size,
    flat,
    mix,
    pick,
    size_of,
    to_bytes,
    uniform,
)


def blank_paper(rng: Rng) -> Field:
    """A sheet with nothing on it: plain, grainy, ruled, squared, folded, crumpled, shaded."""
    size = draw_size(rng)
    if chance(rng, 0.12):
        return flat(size, (pick(rng, 255, 255, 250, 0),) * 3)
    colours = SHEETS if chance(rng, 0.85) else PASTELS
    roughness = uniform(rng, 0.004, 0.05)
    paper = sheet(size, draw_colour(rng, colours, spread=5), rng, roughness=roughness)
    if chance(rng, 0.25):
        draw = papers.rules if chance(rng, 0.5) else papers.squares
        lines = draw(size, rng, spacing=uniform(rng, 0.1, 0.4) * min(size))
        paper = papers.lines_on(coloured(paper), lines, rng, strength=(0.2, 0.8))
    if chance(rng, 0.2):
        dust = papers.specks(size, rng, count=int(rng.integers(1, 12)))
        paper = blend(
            paper,
            dust,
            (60, 60, 60),
        )
    return _photographed(paper, rng)


def _photographed(picture: Field, rng: Rng) -> Field:
    """Light a sheet from aside, fold or crumple it, and add a sensor's grain."""
    size = size_of(picture)
    scene = Scene(picture, np.zeros(size, np.float32))
    if chance(rng, 0.6):
        scene = scene.lit(light.uneven(size, rng, depth=uniform(rng, 0.05, 0.5)))
    if chance(rng, 0.2):
        scene = scene.lit(papers.fold(size, rng))
    if chance(rng, 0.2):
        scene = scene.lit(papers.crumple(size, rng, depth=uniform(rng, 0.02, 0.12)))
    if chance(rng, 0.15):
        scene = scene.lit(light.shadow(size, rng, depth=(0.1, 0.4)))
    return camera.sense(scene, rng, noise=uniform(rng, 0, 6), blur=pick(rng, 0, 0.7)).picture


def text_lines(rng: Rng) -> Field:
    """Several lines of printed words, from a page."""
    size = draw_size(rng, median=220)
    groups = tuple(find_fonts().values())
    group = groups[int(rng.integers(len(groups)))]
    font = group[int(rng.integers(len(group)))]
    lines = int(rng.integers(2, 9))
    height = size[0] // (lines + 1)
    mask = np.zeros(size, np.float32)
    for line in range(lines):
        printed = print_text(_sentence(rng), font, points=40).astype(np.float32) / np.float32(255)
        high = max(6, int(height * 0.62))
        row = pixels.resize(printed, (high, round(printed.shape[1] * high / printed.shape[0])))
        top, left = int((line + 0.6) * height), int(rng.integers(2, 14))
        part = mask[top : top + high, left:]
        part[:, : row.shape[1]] = row[: part.shape[0], : part.shape[1]]
    paper = sheet(size, draw_colour(rng, SHEETS, spread=4), rng)
    return _photographed(blend(paper, mask, draw_colour(rng, INKS[:2])), rng)


def _sentence(rng: Rng) -> str:
    """Make up a few words."""
    letters = "aaabcdeeeefghiiklmnnoooprrssttuuvwyz"
    lengths = rng.integers(2, 9, int(rng.integers(2, 6)))
    words = ("".join(letters[i] for i in rng.integers(0, len(letters), n)) for n in lengths)
    return " ".join(words).capitalize()


def code_pattern(rng: Rng) -> Field:
    """A matrix code with its three corners, or a bar code."""
    side = int(rng.integers(17, 34))
    is_matrix = chance(rng, 0.6)
    modules = (rng.random((side, side) if is_matrix else (1, side * 3)) < 0.5).astype(np.float32)
    if is_matrix:
        eye = np.pad(np.pad(np.ones((3, 3), np.float32), 1), 1, constant_values=1)
        modules[:7, :7] = modules[:7, -7:] = modules[-7:, :7] = eye
    size = draw_size(rng)
    inner = (int(size[0] * uniform(rng, 0.5, 0.9)), int(size[1] * uniform(rng, 0.6, 0.9)))
    code = pixels.resize(modules, inner, pixels.NEAREST)
    top, left = (int(uniform(rng, 0.1, 0.9) * (size[i] - inner[i])) for i in (0, 1))
    mask = np.zeros(size, np.float32)
    mask[top : top + inner[0], left : left + inner[1]] = code
    paper = sheet(size, draw_colour(rng, SHEETS, spread=4), rng)
    scene = Scene(blend(paper, mask, (uniform(rng, 0, 60),) * 3), mask)
    return _photographed(
        camera.perspective(scene, rng, strength=uniform(rng, 0, 0.08)).picture, rng
    )


def texture(rng: Rng) -> Field:
    """Wood, stone, cloth, stripes or checks, in two colours."""
    size = draw_size(rng)
    first, second = (draw_any_colour(rng) for _ in range(2))
    draw = (fractal, _stripes, _weave, _checks)[int(rng.integers(4))]
    if chance(rng, 0.2):
        return papers.table(size, rng)
    picture = blend(coloured(flat(size, first)), draw(size, rng), second)
    return picture * across(1 + np.float32(uniform(rng, 0, 0.1)) * grain(size, rng), picture)


def _stripes(size: Size, rng: Rng) -> Field:
    """Bent stripes: float32 [H, W], 0..1."""
    phase = papers.ramp(size, rng) / np.float32(uniform(rng, 3, 25))
    waves = clouds(size, rng, cells=5) * np.float32(uniform(rng, 0, 3))
    return pixels.cut(0.5 + np.float32(uniform(rng, 0.5, 3)) * np.sin(phase + waves))


def _weave(size: Size, rng: Rng) -> Field:
    """Threads that cross: float32 [H, W], 0..1."""
    pitch = uniform(rng, 1.2, 4)
    x = np.arange(size[1], dtype=np.float32) / np.float32(pitch)
    y = np.arange(size[0], dtype=np.float32) / np.float32(pitch)
    return pixels.cut(0.5 + 0.3 * (np.sin(x) * np.cos(y)[:, None]) + 0.15 * clouds(size, rng))


def _checks(size: Size, rng: Rng) -> Field:
    """A chequered or tiled plane: float32 [H, W], 0..1."""
    across = papers.ramp(size, rng) / np.float32(uniform(rng, 8, 40))
    along = papers.ramp(size, rng) / np.float32(uniform(rng, 8, 40))
    return pixels.cut(np.sin(across) * np.sin(along) * 20 + 0.5)


def noise(rng: Rng) -> Field:
    """Nothing but noise, fine or coarse, grey or in colour, from 28x28 on."""
    size = (28, 28) if chance(rng, 0.25) else draw_size(rng)
    coarseness = int(rng.integers(1, 9))
    small = (max(4, size[0] // coarseness), max(4, size[1] // coarseness))
    channels = 3 if chance(rng, 0.5) else 1
    layers = [grain(small, rng) * np.float32(uniform(rng, 20, 90)) + 128 for _ in range(channels)]
    how = pixels.NEAREST if chance(rng, 0.5) else pixels.CUBIC
    wide = [pixels.resize(np.ascontiguousarray(layer, np.float32), size, how) for layer in layers]
    return wide[0] if channels == 1 else pixels.stack(*wide)


def smooth_gradient(rng: Rng) -> Field:
    """Colours that run into each other, out of focus."""
    size = draw_size(rng)
    layers = [
        128 + np.float32(uniform(rng, 20, 90)) * clouds(size, rng, cells=int(rng.integers(2, 6)))
    ]
    layers += [layers[0] * 0.5 + 64 + 30 * clouds(size, rng, cells=3) for _ in range(2)]
    picture = pixels.stack(*layers)
    return picture[..., 0].copy() if chance(rng, 0.3) else picture


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


def small_photo(rng: Rng) -> Field:
    """A photograph reduced to 32x32."""
    photos = (landscape, object_photo, hand_photo, portrait_photo, texture)
    picture = photos[int(rng.integers(len(photos)))](rng)
    return pixels.resize(coloured(picture), (32, 32), pixels.AREA)


def spectrogram(rng: Rng) -> Field:
    """Harmonics over time in a scientific colour map."""
    size = (int(rng.integers(60, 200)), int(rng.integers(120, 320)))
    height, width = size
    pitch = uniform(rng, 6, 20) * (1 + 0.25 * clouds((8, width), rng, cells=5)[4])
    y = np.arange(height, 0, -1, dtype=np.float32)[:, None]
    harmonics = np.exp(4 * (np.cos(2 * np.pi * y / np.maximum(pitch, 2)) - 1))
    bursts = pixels.cut(0.5 + clouds(size, rng, cells=7))
    energy = harmonics * bursts * (1.1 - y / height) + 0.12 * np.abs(grain(size, rng, blur=0.7))
    level = to_bytes(pixels.spread(energy.astype(np.float32)) * 255)
    maps = (cv2.COLORMAP_INFERNO, cv2.COLORMAP_VIRIDIS, cv2.COLORMAP_JET)
    if chance(rng, 0.2):
        return level.astype(np.float32)
    colours = cv2.applyColorMap(level, maps[int(rng.integers(len(maps)))])
    return colours[..., ::-1].astype(np.float32)


def draw_any_colour(rng: Rng) -> Colour:
    """Draw any colour that is not too pure."""
    mean = uniform(rng, 30, 220)
    return tuple(float(np.clip(mean + rng.normal(0, 35), 0, 255)) for _ in range(3))


SCENES: Mapping[str, Callable[[Rng], Field]] = {
    "blank-paper": blank_paper,
    "text-lines": text_lines,
    "code-pattern": code_pattern,
    "texture": texture,
    "noise": noise,
    "smooth-gradient": smooth_gradient,
    "landscape": landscape,
    "object-photo": object_photo,
    "hand-photo": hand_photo,
    "portrait-photo": portrait_photo,
    "small-photo": small_photo,
    "spectrogram": spectrogram,
}
