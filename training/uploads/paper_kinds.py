"""Kinds of uploads that show paper as a scanner sees it: printed on, spilt on, cut off, faxed."""

import numpy as np

from training.uploads import paper as papers
from training.uploads import pixels
from training.uploads.camera import defocus, sense
from training.uploads.ink import Pen, Place, write
from training.uploads.noise import grain
from training.uploads.paper import INKS, PASTELS, SHEETS, draw_colour, sheet
from training.uploads.pens import Digit, any_pen, bounds, crumbs, firm_pen, hard, inked, put
from training.uploads.pixels import Field, Size
from training.uploads.scene import (
    Rng,
    Scene,
    blend,
    chance,
    coloured,
    draw_size,
    flat,
    mix,
    pick,
    uniform,
)


def white_sheet(rng: Rng, size: Size | None = None, *, roughness: float = 0.008) -> Field:
    """Return white or off-white paper of any size: float32 [H, W, 3]."""
    return sheet(
        size or draw_size(rng), draw_colour(rng, SHEETS, spread=4), rng, roughness=roughness
    )


def coloured_paper(digit: Digit, rng: Rng) -> Scene:
    """Any dark pen on a sticky note, coloured paper or cardboard; sometimes white on dark card."""
    size = draw_size(rng)
    if chance(rng, 0.2):
        card = sheet(size, papers.shade(draw_colour(rng, INKS), 0.6), rng, roughness=0.03)
        return put(digit, rng, card, (uniform(rng, 215, 250),) * 3, pen=firm_pen(rng))
    colour = papers.shade(draw_colour(rng, INKS), 0.7)
    return put(digit, rng, sheet(size, draw_colour(rng, PASTELS), rng), colour)


def textured_paper(digit: Digit, rng: Rng) -> Scene:
    """Rough, crumpled or folded paper with visible grain."""
    size = draw_size(rng)
    paper = white_sheet(rng, size, roughness=uniform(rng, 0.02, 0.06))
    scene = put(digit, rng, paper, draw_colour(rng, INKS), pen=firm_pen(rng))
    if chance(rng, 0.5):
        scene = scene.lit(papers.crumple(size, rng, depth=uniform(rng, 0.03, 0.1)))
    return scene.lit(papers.fold(size, rng)) if chance(rng, 0.3) else scene


def pencil_on_paper(digit: Digit, rng: Rng) -> Scene:
    """Grey pencil with the paper's grain in its line."""
    size = draw_size(rng)
    paper = white_sheet(rng, size, roughness=uniform(rng, 0.006, 0.02))
    pen = Pen(uniform(rng, 0.03, 0.09), pressure=0.4, softness=uniform(rng, 1.5, 3))
    ink = write(digit, size, rng, pen)
    cover = crumbs(size, rng, cover=uniform(rng, 0.6, 0.9), contrast=0.25)
    return inked(paper, ink, (uniform(rng, 50, 95),) * 3, opacity=cover)


def ruled_paper(digit: Digit, rng: Rng) -> Scene:
    """Lines through the digit, and sometimes a red margin."""
    size = draw_size(rng)
    place = Place(height=(0.4, 0.8))
    spacing = uniform(rng, 0.12, 0.4) * min(size)
    paper = coloured(white_sheet(rng, size))
    lines = papers.rules(size, rng, spacing=spacing, width=uniform(rng, 0.8, 2.2))
    paper = papers.lines_on(paper, lines, rng, strength=(0.4, 0.9))
    if chance(rng, 0.25):
        margin = papers.rules(size[::-1], rng, spacing=size[1] * 2.0, width=1.5).T
        paper = blend(paper, margin * np.float32(0.7), (220, 90, 100))
    return put(digit, rng, paper, draw_colour(rng, INKS[:5]), place=place, pen=firm_pen(rng))


def squared_paper(digit: Digit, rng: Rng) -> Scene:
    """Squares under the digit."""
    size = draw_size(rng)
    spacing = uniform(rng, 0.08, 0.25) * min(size)
    lines = papers.squares(size, rng, spacing=spacing, width=uniform(rng, 0.7, 1.8))
    paper = papers.lines_on(coloured(white_sheet(rng, size)), lines, rng, strength=(0.3, 0.75))
    return put(digit, rng, paper, draw_colour(rng, INKS[:5]), pen=firm_pen(rng))


def stained_paper(digit: Digit, rng: Rng) -> Scene:
    """Watermark, stains, a cup's ring, dust: paler than the ink, but there."""
    size = draw_size(rng)
    paper = coloured(white_sheet(rng, size))
    if chance(rng, 0.5):
        word = papers.lettering(size, rng, height=uniform(rng, 16, 40), tilt=40)
        paper = blend(paper, word * np.float32(uniform(rng, 0.08, 0.3)), draw_colour(rng, INKS))
    if chance(rng, 0.5):
        spill = papers.stain(size, rng) if chance(rng, 0.6) else papers.ring(size, rng)
        paper = blend(paper, spill * np.float32(uniform(rng, 0.15, 0.45)), (150, 110, 70))
    dust = papers.specks(size, rng, count=int(rng.integers(4, 40)))
    paper = blend(paper, dust * np.float32(uniform(rng, 0.4, 0.9)), (60, 60, 60))
    return put(digit, rng, paper, draw_colour(rng, INKS[:5]), pen=firm_pen(rng))


def low_contrast(digit: Digit, rng: Rng) -> Scene:
    """Ink 22 to 50 grey levels from its paper, which has little grain."""
    size = draw_size(rng)
    ground = uniform(rng, 70, 225)
    step = uniform(rng, 22, 50) * (1 if ground < 110 else -1 if ground > 180 else pick(rng, -1, 1))
    paper = sheet(size, (ground,) * 3, rng, roughness=uniform(rng, 0, 0.012))
    return put(digit, rng, paper, (ground + step,) * 3, pen=firm_pen(rng))


def fax(digit: Digit, rng: Rng) -> Scene:
    """Black and white only, with ragged edges, specks and dotted lines at the border."""
    size = draw_size(rng)
    ink = write(digit, size, rng, any_pen(rng))
    ragged = ink + np.float32(uniform(rng, 0.0, 0.25)) * grain(size, rng, blur=0.7)
    dust = papers.specks(size, rng, count=int(rng.integers(0, 30)), radius=(0.3, 0.9))
    black = np.maximum(hard(ragged * (ink > 0.02)), hard(dust))
    if chance(rng, 0.25):
        row = int(pick(rng, 1, size[0] - 3))
        black[row : row + 2] = (np.arange(size[1]) % 9 < pick(rng, 2, 5)).astype(np.float32)
    return Scene((1 - black) * np.float32(255), ink)


def scan_edge(digit: Digit, rng: Rng) -> Scene:
    """A scan with dark lines and strips along its edges, and the other side's print shining through."""
    size = draw_size(rng)
    paper = white_sheet(rng, size)
    if chance(rng, 0.5):
        back = papers.lettering(size, rng, height=uniform(rng, 10, 18), count=6)[:, ::-1]
        paper = blend(paper, back * np.float32(uniform(rng, 0.05, 0.15)), (90, 90, 90))
    scene = put(digit, rng, paper, draw_colour(rng, INKS), place=Place((0.35, 0.65), spread=0.35))
    edge = np.zeros(size, np.float32)
    for _ in range(int(rng.integers(1, 4))):
        _darken_side(edge, rng)
    scene = scene.over(edge, (uniform(rng, 0, 80),) * 3, uniform(rng, 0.5, 1))
    return defocus(sense(scene, rng, noise=uniform(rng, 0.5, 3)), 0.5)


def _darken_side(edge: Field, rng: Rng) -> None:
    """Mark a strip or line along one side of a mask."""
    turned = edge if chance(rng, 0.5) else edge.T
    width = max(1, int(uniform(rng, 0.005, 0.06) * turned.shape[1]))
    inset = int(pick(rng, 0, 0, 2, 5))
    if chance(rng, 0.5):
        turned[:, inset : inset + width] = 1
    else:
        turned[:, turned.shape[1] - inset - width : turned.shape[1] - inset] = 1


def table_edge(digit: Digit, rng: Rng) -> Scene:
    """A sheet that does not fill the picture: a black margin, or the table beside it."""
    size = draw_size(rng, median=210)
    ink = write(digit, size, rng, firm_pen(rng), Place(height=(0.3, 0.5), spread=0.2))
    scene = inked(coloured(white_sheet(rng, size)), ink, draw_colour(rng, INKS[:5]))
    margin = 1 - _quad(size, bounds(ink), rng)
    is_black = chance(rng, 0.4)
    ground = flat(size, (uniform(rng, 0, 25),) * 3) if is_black else papers.table(size, rng)
    picture = mix(scene.picture, coloured(ground), margin)
    return defocus(Scene(picture, ink), pick(rng, 0, 0.6))


def _quad(size: Size, digit: tuple[int, int, int, int], rng: Rng) -> Field:
    """Return the mask of a sheet around a digit: one to four of its sides lie inside the picture."""
    height, width = size
    left, top, right, bottom = digit
    away = 0.3 * max(size)
    shown = rng.random(4) < 0.55
    shown[int(rng.integers(4))] = True
    far = np.array([-away, -away, width + away, height + away])
    near = np.array([left, top, right, bottom]) * 0.75 + np.array([0, 0, width, height]) * 0.25
    edges = np.where(
        shown, near + (np.clip(far, 0, max(size)) - near) * rng.uniform(0, 0.7, 4), far
    )
    corners = np.array(
        [[edges[0], edges[1]], [edges[2], edges[1]], [edges[2], edges[3]], [edges[0], edges[3]]]
    )
    corners += rng.normal(0, 0.015 * min(size), corners.shape)
    return pixels.polygon(size, corners)
