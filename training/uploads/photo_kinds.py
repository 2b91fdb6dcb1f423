"""Kinds of uploads that a camera took: light, shadow, boards, screens, blur, grain, compression."""

from dataclasses import replace

import numpy as np

from training.uploads import camera, light, pixels
from training.uploads import paper as papers
from training.uploads.ink import Pen, Place, write
from training.uploads.noise import clouds, grain
from training.uploads.paper import INKS, SHEETS, Colour, draw_colour, sheet
from training.uploads.paper_kinds import white_sheet
from training.uploads.pens import Digit, crumbs, firm_pen, inked, put
from training.uploads.pixels import Field, Size
from training.uploads.scene import (
    Rng,
    Scene,
    across,
    chance,
    coloured,
    draw_size,
    flat,
    pick,
    uniform,
)

BOARDS: tuple[Colour, ...] = ((30, 62, 48), (38, 40, 42), (24, 26, 28), (40, 60, 74))
MARKERS: tuple[Colour, ...] = ((20, 20, 26), (30, 50, 170), (190, 30, 40), (20, 120, 70))


def uneven_light(digit: Digit, rng: Rng) -> Scene:
    """Light that falls off to one side by a third to two thirds."""
    size = draw_size(rng)
    scene = put(digit, rng, white_sheet(rng, size), draw_colour(rng, INKS[:5]))
    scene = scene.lit(light.uneven(size, rng, depth=uniform(rng, 0.3, 0.65)))
    return camera.sense(scene, rng, noise=uniform(rng, 0.5, 3))


def hard_shadow(digit: Digit, rng: Rng) -> Scene:
    """The edge of a shadow across the sheet, often through the digit."""
    size = draw_size(rng)
    scene = put(digit, rng, white_sheet(rng, size), draw_colour(rng, INKS[:5]), pen=firm_pen(rng))
    scene = scene.lit(light.shadow(size, rng))
    return camera.sense(scene, rng, noise=uniform(rng, 0.5, 3))


def chalkboard(digit: Digit, rng: Rng) -> Scene:
    """Chalk, mostly white, on a wiped green or black board."""
    size = draw_size(rng)
    board = sheet(size, draw_colour(rng, BOARDS, spread=5), rng, roughness=0.04)
    smears = np.clip(clouds(size, rng, cells=6) * 0.5, 0, 1) * np.float32(uniform(rng, 4, 28))
    ink = write(digit, size, rng, Pen(uniform(rng, 0.05, 0.12), pressure=0.4, softness=2.5))
    chalks: tuple[Colour, ...] = (
        (235, 235, 230),
        (240, 225, 120),
        (240, 170, 180),
        (150, 200, 235),
    )
    colour = chalks[0] if chance(rng, 0.7) else draw_colour(rng, chalks)
    cover = crumbs(size, rng, cover=uniform(rng, 0.65, 0.9), contrast=0.35)
    return inked(board + across(smears, board), ink, colour, opacity=cover)


def whiteboard(digit: Digit, rng: Rng) -> Scene:
    """A marker on a glossy board that mirrors lamps and keeps traces of wiped ink."""
    size = draw_size(rng)
    board = flat(
        size, draw_colour(rng, ((215, 218, 222), (190, 196, 204), (228, 226, 220)), spread=6)
    )
    pen = Pen(uniform(rng, 0.04, 0.1), softness=1.5)
    scene = put(digit, rng, coloured(board), draw_colour(rng, MARKERS), pen=pen)
    scene = scene.lit(light.uneven(size, rng, depth=uniform(rng, 0.1, 0.35)))
    shine = light.glare(size, rng, count=int(rng.integers(1, 4))) * np.float32(
        uniform(rng, 40, 110)
    )
    traces = np.clip(clouds(size, rng, cells=9), 0, 1) * np.float32(uniform(rng, 0, 10))
    scene = replace(scene, picture=scene.picture + across(shine - traces, scene.picture))
    return camera.sense(
        camera.defocus(scene, pick(rng, 0, 0.6, 0.9)), rng, noise=uniform(rng, 0.5, 3)
    )


def tilted(digit: Digit, rng: Rng) -> Scene:
    """A whole picture turned by 8 to 20 degrees."""
    size = draw_size(rng)
    paper = coloured(white_sheet(rng, size))
    if chance(rng, 0.4):
        lines = papers.rules(size, rng, spacing=uniform(rng, 0.2, 0.5) * min(size))
        paper = papers.lines_on(paper, lines, rng, strength=(0.2, 0.5))
    place = Place(height=(0.4, 0.7), spread=0.3, tilt=2.0)
    scene = put(digit, rng, paper, draw_colour(rng, INKS[:5]), place=place)
    return camera.tilt(scene, pick(rng, -1, 1) * uniform(rng, 8, 20))


def defocused(digit: Digit, rng: Rng) -> Scene:
    """Out of focus or shaken: blurred by up to a twentieth of the digit."""
    size = draw_size(rng)
    place = Place(height=(0.5, 0.8), spread=0.4)
    scene = put(
        digit, rng, white_sheet(rng, size), draw_colour(rng, INKS), pen=firm_pen(rng), place=place
    )
    scene = camera.defocus(scene, min(size) * uniform(rng, 0.008, 0.024))
    if chance(rng, 0.35):
        scene = camera.shake(scene, rng, length=min(size) * uniform(rng, 0.03, 0.07))
    return camera.sense(scene, rng, noise=uniform(rng, 0.5, 3))


def jpeg_blocks(digit: Digit, rng: Rng) -> Scene:
    """Compressed until the blocks show."""
    scene = put(digit, rng, white_sheet(rng), draw_colour(rng, INKS))
    return camera.compress(scene, int(rng.integers(5, 22)))


def sensor_grain(digit: Digit, rng: Rng) -> Scene:
    """Taken in the dark: strong grain, in colour or not."""
    size = draw_size(rng)
    scene = put(digit, rng, white_sheet(rng, size), draw_colour(rng, INKS[:5]), pen=firm_pen(rng))
    scene = replace(scene, picture=scene.picture * np.float32(uniform(rng, 0.45, 0.9)))
    scene = camera.sense(scene, rng, noise=uniform(rng, 8, 22), blur=pick(rng, 0, 0.7))
    if chance(rng, 0.5):
        tints = [grain(size, rng, blur=1.5) for _ in range(3)]
        chroma = pixels.stack(*tints) * np.float32(uniform(rng, 2, 8))
        scene = replace(scene, picture=coloured(scene.picture) + chroma)
    return scene


def screen_photo(digit: Digit, rng: Rng) -> Scene:
    """A screen, photographed: beats between its pixels and the camera's, a bluish light."""
    size = draw_size(rng)
    is_dark = chance(rng, 0.7)
    ground: Colour = (215, 226, 245) if is_dark else (18, 20, 30)
    colour = draw_colour(rng, INKS) if is_dark else (uniform(rng, 200, 240),) * 3
    scene = put(digit, rng, flat(size, ground), colour, pen=firm_pen(rng))
    scene = camera.moire(camera.defocus(scene, uniform(rng, 0.5, 1.2)), rng)
    scene = camera.perspective(scene, rng, strength=0.04)
    scene = scene.lit(light.uneven(size, rng, depth=uniform(rng, 0.05, 0.3)))
    return camera.sense(scene, rng, noise=uniform(rng, 1, 4))


def phone_photo(digit: Digit, rng: Rng) -> Scene:
    """Paper, photographed with a phone: a little perspective, a light gradient, grain, JPEG."""
    size = draw_size(rng, median=200)
    scene = put(digit, rng, _photographed_paper(size, rng, lined=0.15), draw_colour(rng, INKS))
    scene = camera.perspective(scene, rng, strength=uniform(rng, 0.02, 0.07))
    scene = scene.lit(light.uneven(size, rng, depth=uniform(rng, 0.1, 0.4)))
    scene = camera.expose(camera.defocus(scene, uniform(rng, 0.3, 1.1)), rng)
    scene = camera.sense(scene, rng, noise=uniform(rng, 1, 5), blur=pick(rng, 0, 0.7))
    return camera.compress(scene, int(rng.integers(45, 92)))


def hard_phone_photo(digit: Digit, rng: Rng) -> Scene:
    """Everything at once: lined paper, perspective, shadow, vignette, blur, grain, strong JPEG."""
    size = draw_size(rng, median=200)
    place = Place(height=(0.42, 0.7), spread=0.35, tilt=5.0)
    paper = _photographed_paper(size, rng, lined=0.7)
    scene = put(digit, rng, paper, draw_colour(rng, INKS[:5]), pen=firm_pen(rng), place=place)
    scene = camera.perspective(scene, rng, strength=uniform(rng, 0.05, 0.11))
    shade = light.uneven(size, rng, depth=uniform(rng, 0.2, 0.5))
    shade *= light.vignette(size, depth=uniform(rng, 0.1, 0.45))
    if chance(rng, 0.6):
        shade *= light.shadow(size, rng, depth=(0.2, 0.45))
    scene = camera.expose(camera.defocus(scene.lit(shade), uniform(rng, 0.6, 1.6)), rng)
    scene = camera.sense(scene, rng, noise=uniform(rng, 4, 10), blur=pick(rng, 0, 0.7))
    return camera.compress(scene, int(rng.integers(18, 55)))


def _photographed_paper(size: Size, rng: Rng, *, lined: float) -> Field:
    """Return a sheet, ruled or squared with the probability `lined`: float32 [H, W, 3]."""
    paper = coloured(sheet(size, draw_colour(rng, SHEETS, spread=5), rng, roughness=0.015))
    if not chance(rng, lined):
        return paper
    draw = papers.rules if chance(rng, 0.55) else papers.squares
    lines = draw(
        size, rng, spacing=uniform(rng, 0.12, 0.35) * min(size), width=uniform(rng, 0.8, 1.8)
    )
    return papers.lines_on(paper, lines, rng, strength=(0.3, 0.7))
