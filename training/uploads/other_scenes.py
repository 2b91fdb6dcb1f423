"""Scenes without a digit: blank paper, text, codes, textures, noise, spectrograms, photographs.

rng -> fields (noise, masks, light) -> colours -> float32 [H, W(, 3)]
"""

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from training.uploads import camera, light, pixels
from training.uploads import paper as papers
from training.uploads.fonts import find_fonts, print_text
from training.uploads.noise import clouds, fractal, grain
from training.uploads.other_photos import (
    draw_any_colour,
    hand_photo,
    landscape,
    object_photo,
    portrait_photo,
)
from training.uploads.paper import INKS, PASTELS, SHEETS, draw_colour, sheet
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
