"""Simple drawings that are no digits: strokes of houses, faces, stars, arrows and the like."""

from collections.abc import Callable

import numpy as np

from training.uploads.curves import Stroke, arc, corner
from training.uploads.pens import Digit
from training.uploads.scene import Rng
from training.uploads.strokes import draw_strokes


def house() -> list[Stroke]:
    """A house with a door."""
    walls = corner((0.1, 0.45), (0.1, 1), (0.9, 1), (0.9, 0.45))
    return [
        walls,
        corner((0, 0.5), (0.5, 0), (1, 0.5)),
        corner((0.4, 1), (0.4, 0.7), (0.6, 0.7), (0.6, 1)),
    ]


def happy_face() -> list[Stroke]:
    """A face that smiles."""
    return [*_head(), arc((0.5, 0.55), (0.28, 0.22), 20, 160)]


def sad_face() -> list[Stroke]:
    """A face that does not."""
    return [*_head(), arc((0.5, 0.85), (0.25, 0.18), 200, 340)]


def _head() -> list[Stroke]:
    """A round head with two eyes."""
    eyes: list[Stroke] = [[(x, 0.35), (x, 0.4)] for x in (0.35, 0.65)]
    return [arc((0.5, 0.5), (0.5, 0.5), -90, 270, 14), *eyes]


def star() -> list[Stroke]:
    """A five-pointed star in one line."""
    angles = np.radians(-90 + 144 * np.arange(6))
    return [corner(*((float(0.5 + 0.5 * np.cos(a)), float(0.5 + 0.5 * np.sin(a))) for a in angles))]


def check_mark() -> list[Stroke]:
    """A tick."""
    return [corner((0, 0.6), (0.35, 1), (1, 0))]


def arrow() -> list[Stroke]:
    """An arrow to the right."""
    return [[(0, 0.5), (1, 0.5)], corner((0.65, 0.15), (1, 0.5), (0.65, 0.85))]


def heart() -> list[Stroke]:
    """A heart."""
    left = [(0.5, 1), (0.5, 1), (0.05, 0.5), (0.1, 0.1), (0.4, 0.08), (0.5, 0.3), (0.5, 0.3)]
    return [[*left, (0.6, 0.08), (0.9, 0.1), (0.95, 0.5), (0.5, 1)]]


def triangle() -> list[Stroke]:
    """A triangle."""
    return [corner((0.5, 0), (1, 1), (0, 1), (0.5, 0))]


def spiral() -> list[Stroke]:
    """A spiral of two turns and a half."""
    angles = np.linspace(0, 5 * np.pi, 26)
    return [[(float(0.5 + a / 32 * np.cos(a)), float(0.5 + a / 32 * np.sin(a))) for a in angles]]


def tree() -> list[Stroke]:
    """A tree: a crown on a trunk."""
    return [
        arc((0.5, 0.3), (0.4, 0.3), 100, 440, 12),
        [(0.43, 0.6), (0.42, 1)],
        [(0.57, 0.6), (0.6, 1)],
    ]


def sun() -> list[Stroke]:
    """A sun with rays."""
    rays: list[Stroke] = [
        [(0.5 + 0.32 * x, 0.5 + 0.32 * y), (0.5 + 0.5 * x, 0.5 + 0.5 * y)]
        for x, y in arc((0, 0), (1, 1), 0, 315, 8)
    ]
    return [arc((0.5, 0.5), (0.22, 0.22), 0, 360, 10), *rays]


def flower() -> list[Stroke]:
    """A flower of five petals on a stem."""
    petals: list[Stroke] = [
        arc((0.5 + 0.2 * x, 0.3 + 0.2 * y), (0.13, 0.13), 0, 360, 8)
        for x, y in arc((0, 0), (1, 1), 0, 288, 5)
    ]
    return [*petals, [(0.5, 0.5), (0.5, 1)], [(0.5, 0.8), (0.75, 0.65)]]


def cross() -> list[Stroke]:
    """An X."""
    return [[(0, 0), (1, 1)], [(1, 0), (0, 1)]]


def lightning() -> list[Stroke]:
    """A flash of four straight parts."""
    return [
        corner((0.7, 0), (0.2, 0.5), (0.55, 0.5), (0.25, 1), (0.9, 0.38), (0.55, 0.38), (0.7, 0))
    ]


SHAPES: tuple[Callable[[], list[Stroke]], ...] = (
    house,
    happy_face,
    sad_face,
    star,
    check_mark,
    arrow,
    heart,
    triangle,
    spiral,
    tree,
    sun,
    flower,
    cross,
    lightning,
)


def shape(rng: Rng) -> Digit:
    """A simple drawing: a house, a face, a star, an arrow and the like; uint8 [h, w] ink."""
    return draw_strokes(SHAPES[int(rng.integers(len(SHAPES)))](), rng, aspect=(0.75, 1.25))
