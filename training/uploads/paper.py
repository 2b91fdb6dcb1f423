"""Paper: what lies under and around the ink, and what is printed or spilt on it.

size, rng -> float32 [H, W(, 3)] paper, or a mask float32 [H, W] of lines, boxes, specks
"""

import numpy as np

from training.uploads import pixels
from training.uploads.noise import clouds, grain
from training.uploads.pixels import Field, Size
from training.uploads.scene import Rng, across, blend, chance, coloured, flat, pick, uniform

Colour = tuple[float, ...]

INKS: tuple[Colour, ...] = (
    (20, 20, 24),  # black ballpoint or gel
    (12, 12, 12),  # black marker
    (32, 42, 130),  # blue ballpoint
    (20, 60, 170),  # bright blue
    (60, 50, 120),  # violet-blue
    (170, 30, 40),  # red
    (20, 100, 60),  # green
    (90, 60, 40),  # brown
)
SHEETS: tuple[Colour, ...] = (
    (250, 250, 250),
    (238, 238, 238),
    (246, 242, 228),  # cream
    (222, 216, 205),  # recycled
    (204, 200, 196),  # white paper in dim light
    (168, 168, 168),  # the same, darker
    (214, 222, 232),  # white paper in the shade, under a blue sky
)
PASTELS: tuple[Colour, ...] = (
    (255, 238, 130),  # sticky note
    (255, 190, 200),
    (176, 224, 190),
    (170, 210, 240),
    (240, 180, 110),
    (200, 170, 120),  # cardboard
)


def draw_colour(rng: Rng, colours: tuple[Colour, ...], *, spread: float = 10.0) -> Colour:
    """Draw one of some colours, a little off: by a standard deviation of `spread` grey levels."""
    colour = colours[int(rng.integers(len(colours)))]
    return tuple(float(np.clip(c + rng.normal(0, spread), 0, 255)) for c in colour)


def shade(colour: Colour, factor: float) -> Colour:
    """Return a colour that is darker (below 1) or lighter (above 1)."""
    return tuple(min(255.0, channel * factor) for channel in colour)


def sheet(size: Size, colour: Colour, rng: Rng, *, roughness: float = 0.01) -> Field:
    """Return a sheet of paper with fibres.

    Args:
        size: Height and width in pixels.
        colour: RGB, 0..255; equal channels give a grey picture.
        rng: Draws the fibres.
        roughness: Standard deviation of the brightness, as a share: 0.01 = copy paper, 0.05 = rough.
    """
    paper = flat(size, colour)
    if roughness:
        texture = grain(size, rng, blur=pick(rng, 0.7, 1.5)) * np.float32(roughness) + np.float32(1)
        paper *= across(texture, paper)
    return paper


def crumple(size: Size, rng: Rng, *, depth: float = 0.08) -> Field:
    """Return light on crumpled or folded paper: float32 [H, W] around 1, `depth` up and down."""
    facets = np.abs(clouds(size, rng, cells=5)) + 0.5 * np.abs(clouds(size, rng, cells=9))
    return np.asarray(1 + np.float32(depth) * (facets - facets.mean()), np.float32)


def fold(size: Size, rng: Rng) -> Field:
    """Return light on a sheet with a straight fold: float32 [H, W] around 1."""
    distance = ramp(size, rng)
    step = np.where(distance > 0, np.float32(1 + uniform(rng, 0.02, 0.08)), np.float32(1))
    return step - np.float32(uniform(rng, 0.05, 0.15)) * np.exp(-np.abs(distance) / 1.5)


def ramp(size: Size, rng: Rng, *, through: float = 0.35) -> Field:
    """Return the signed distance in pixels from a straight line of any direction.

    Args:
        size: Height and width in pixels.
        rng: Draws direction and place.
        through: How far from the middle the line passes at most, in parts of the sides.
    """
    angle = uniform(rng, 0, 2 * np.pi)
    height, width = size
    x = np.arange(width, dtype=np.float32) - np.float32(
        width * (0.5 + uniform(rng, -1, 1) * through)
    )
    y = np.arange(height, dtype=np.float32) - np.float32(
        height * (0.5 + uniform(rng, -1, 1) * through)
    )
    return x * np.float32(np.cos(angle)) + (y * np.float32(np.sin(angle)))[:, None]


def rules(size: Size, rng: Rng, *, spacing: float, width: float = 1.0) -> Field:
    """Return the mask of horizontal lines, a little aslant.

    Args:
        size: Height and width in pixels.
        rng: Draws where the first line lies, and the slope.
        spacing: From line to line, in pixels.
        width: Of a line, in pixels.
    """
    height, columns = size
    slope = np.float32(rng.normal(0, 0.01))
    y = np.arange(height, dtype=np.float32)[:, None] + slope * np.arange(columns, dtype=np.float32)
    phase = np.mod(y + np.float32(uniform(rng, 0, spacing)), np.float32(spacing))
    distance = np.abs(phase - np.float32(spacing / 2))
    return pixels.cut(np.float32(width / 2 + 0.5) - distance)


def squares(size: Size, rng: Rng, *, spacing: float, width: float = 1.0) -> Field:
    """Return the mask of squared paper: `rules` both ways."""
    lines = rules(size, rng, spacing=spacing, width=width)
    columns = rules(size[::-1], rng, spacing=spacing, width=width)
    return np.maximum(lines, columns.T)


def box(size: Size, corners: tuple[float, float, float, float], width: float) -> Field:
    """Return the mask of a printed box.

    Args:
        size: Height and width in pixels.
        corners: Left, top, right and bottom of the lines' middles, in pixels; may lie outside.
        width: Of the lines, in pixels.
    """
    left, top, right, bottom = corners
    x, y = np.arange(size[1], dtype=np.float32), np.arange(size[0], dtype=np.float32)
    across = np.maximum(left - x, x - right).astype(np.float32)
    down = np.maximum(top - y, y - bottom).astype(np.float32)
    distance = np.abs(np.maximum(across[None], down[:, None]))
    return pixels.cut(np.float32(width / 2 + 0.5) - distance)


def specks(size: Size, rng: Rng, *, count: int, radius: tuple[float, float] = (0.4, 1.6)) -> Field:
    """Return the mask of dust and dots: `count` of them, radii in pixels."""
    return pixels.dots(size, rng.random((count, 2)) * size[::-1], rng.uniform(*radius, count))


def stain(size: Size, rng: Rng) -> Field:
    """Return the mask of a spill with a darker rim, as of coffee or water."""
    field = clouds(size, rng, cells=int(rng.integers(3, 6)))
    level = uniform(rng, 0.1, 0.7)
    inside = np.clip((field - level) * 12, 0, 1)
    rim = np.exp(-np.square((field - level) * 14))
    return pixels.cut(0.45 * inside + 0.55 * rim)


def ring(size: Size, rng: Rng) -> Field:
    """Return the mask of the ring that a cup leaves."""
    height, width = size
    radius = uniform(rng, 0.25, 0.5) * min(size)
    x = np.arange(width, dtype=np.float32) - np.float32(uniform(rng, 0, width))
    y = np.arange(height, dtype=np.float32) - np.float32(uniform(rng, 0, height))
    distance = np.sqrt(np.square(x) + np.square(y)[:, None]) - np.float32(radius)
    return pixels.cut(np.exp(-np.square(distance / np.float32(uniform(rng, 1.5, 4)))))


WORDS = ("SAMPLE", "COPY", "DRAFT", "Name:", "No.", "Date", "Answer", "Total", "Form", "Paint")


def lettering(size: Size, rng: Rng, *, height: float, count: int = 1, tilt: float = 0.0) -> Field:
    """Return the mask of printed words, as of a watermark or of a form's captions.

    Args:
        size: Height and width in pixels.
        rng: Draws words and places.
        height: Of the letters, in pixels.
        count: Of words.
        tilt: Largest rotation of the whole, in degrees.
    """
    texts = [WORDS[int(rng.integers(len(WORDS)))] for _ in range(count)]
    places = [
        (int(uniform(rng, -0.1, 0.6) * size[1]), int(uniform(rng, 0.05, 1) * size[0]))
        for _ in range(count)
    ]
    mask = pixels.words(size, texts, places, height)
    if not tilt:
        return mask
    return pixels.affine(mask, pixels.rotation(size, uniform(rng, -tilt, tilt)), size)


def table(size: Size, rng: Rng) -> Field:
    """Return what paper lies on: plain, wooden, or woven; float32 [H, W, 3]."""
    wood: tuple[Colour, ...] = ((120, 80, 50), (170, 130, 90), (70, 50, 40), (190, 160, 130))
    plain: tuple[Colour, ...] = ((20, 20, 22), (60, 60, 66), (90, 100, 120), (130, 40, 40))
    is_wooden = chance(rng, 0.5)
    top = coloured(flat(size, draw_colour(rng, wood if is_wooden else plain)))
    if is_wooden:
        rings = clouds((size[0], 8), rng, cells=7)
        veins = pixels.resize(rings, size, pixels.CUBIC)
        top *= across(1 + np.float32(0.1) * np.sin(veins * 6), top)
    return top * across(1 + 0.05 * grain(size, rng, blur=0.7), top)


def lines_on(paper: Field, mask: Field, rng: Rng, *, strength: tuple[float, float]) -> Field:
    """Print lines on paper in a colour that lines on paper have."""
    colours: tuple[Colour, ...] = (
        (120, 160, 210),
        (150, 150, 150),
        (190, 140, 150),
        (120, 190, 190),
        (90, 90, 110),
    )
    return blend(paper, mask * np.float32(uniform(rng, *strength)), draw_colour(rng, colours))
