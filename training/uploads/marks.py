"""Marks that are no digits: letters, symbols, scribbles, shapes; ink for any kind of upload.

rng -> font or strokes -> (a hand's distortion) -> ink uint8 [h, w]

Characters that a person may take for a digit are left out (O, l, I, Z, S, B, b, g, q and their like
in other scripts).
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.uploads import pixels
from training.uploads.fonts import find_fonts, fonts_with, print_text
from training.uploads.ink import bend
from training.uploads.pens import Digit
from training.uploads.scene import Rng, chance, uniform
from training.uploads.strokes import draw_digit, draw_strokes
from training.uploads.styles import Stroke, arc, corner

LATIN = "ACEFHJKLMNPRTUVWXYacdefhkmnprtuvwx"
GREEK = "αβγδκλμνξπρφψωΓΔΛΞΠΣΦΨΩ"
CYRILLIC = "ДЖИЙКЛПФЦШЩЫЮЯжийклмпфцшщюя"
SYMBOLS = "&%?@#€+=*<{[~^£$"
# Digits of other scripts, by script, each string within one font.
FOREIGN = ("६८", "৩৫৬", "౫౬౮", "೫೬೮", "٢٣٤٨", "๓๔๕๗๘", "௩௫௬௭௮", "૬૮", "三四五六八九")

Mark = npt.NDArray[np.uint8]


def letter(rng: Rng) -> Mark:
    """A Latin letter, upper or lower case."""
    return _character(LATIN, rng)


def greek_letter(rng: Rng) -> Mark:
    """A Greek letter."""
    return _character(GREEK, rng)


def cyrillic_letter(rng: Rng) -> Mark:
    """A Cyrillic letter."""
    return _character(CYRILLIC, rng)


def foreign_digit(rng: Rng) -> Mark:
    """A digit of another script, unlike any of 0 to 9."""
    available = [script for script in FOREIGN if fonts_with(script)]
    script = available[int(rng.integers(len(available)))] if available else GREEK
    return _character(script, rng)


def symbol(rng: Rng) -> Mark:
    """A sign of a keyboard."""
    return _character(SYMBOLS, rng)


def _character(alphabet: str, rng: Rng) -> Mark:
    """Print one character of an alphabet, and mostly bend it as a hand would."""
    fonts = _fonts(alphabet)
    character = alphabet[int(rng.integers(len(alphabet)))]
    mark = print_text(character, fonts[int(rng.integers(len(fonts)))])
    return by_hand(mark, rng) if chance(rng, 0.7) else mark


def _fonts(alphabet: str) -> Sequence[Path]:
    """Return the fonts for an alphabet: those with true digits too, if there are any."""
    fitting = fonts_with(alphabet)
    usual = {path for group in find_fonts().values() for path in group}
    return [path for path in fitting if path in usual] or fitting


def by_hand(mark: Mark, rng: Rng) -> Mark:
    """Bend a printed character elastically and give it an aspect of its own: uint8 [h, w]."""
    height = 120
    width = int(np.clip(height * mark.shape[1] / mark.shape[0] * uniform(rng, 0.75, 1.25), 20, 240))
    field = np.pad(pixels.resize(mark.astype(np.float32), (height, width), pixels.AREA), 16)
    return np.asarray(bend(field, rng, uniform(rng, 3, 9)), np.uint8)


def scribble(rng: Rng) -> Mark:
    """One long line that winds, turns and crosses itself."""
    count = int(rng.integers(12, 32))
    steps = np.cumsum(rng.normal(0, 0.35, (count, 2)), axis=0)
    loops = np.column_stack([np.linspace(0, 1.5, count), rng.random(count)])
    points = steps if chance(rng, 0.5) else loops
    return draw_strokes([[(float(x), float(y)) for x, y in points]], rng, aspect=(0.7, 1.3))


def random_strokes(rng: Rng) -> Mark:
    """Four to eight short lines and hooks, thrown together."""
    strokes: list[Stroke] = []
    for _ in range(int(rng.integers(4, 9))):
        start = rng.random(2)
        reach = rng.normal(0, 0.35, (int(rng.integers(1, 4)), 2)).cumsum(axis=0)
        strokes.append([(float(x), float(y)) for x, y in np.vstack([start, start + reach])])
    return draw_strokes(strokes, rng, aspect=(0.7, 1.3))


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


def shape(rng: Rng) -> Mark:
    """A simple drawing: a house, a face, a star, an arrow and the like."""
    return draw_strokes(SHAPES[int(rng.integers(len(SHAPES)))](), rng, aspect=(0.75, 1.25))


def number(digits: Digit | None, rng: Rng) -> Mark:
    """Put two to four digits side by side.

    Args:
        digits: uint8 [N, 28, 28] to draw from; None draws them from strokes.
        rng: Draws which digits and the gaps.
    """
    parts = []
    for _ in range(int(rng.choice((2, 2, 2, 3, 4)))):
        one = draw_digit(int(rng.integers(10)), rng)
        if digits is not None and len(digits):
            one = digits[int(rng.integers(len(digits)))]
        parts.append(_column(one, rng))
    return np.hstack(parts)


def _column(digit: Digit, rng: Rng) -> Mark:
    """Cut a digit out and scale it to a height of about 90 in a column of 100 pixels."""
    left, top, right, bottom = pixels.bounds(digit > 50) or (0, 0, *digit.shape[::-1])
    height = int(uniform(rng, 75, 92))
    width = max(8, round((right - left) * height / (bottom - top)))
    cut = digit[top:bottom, left:right].astype(np.float32)
    field = np.clip(pixels.resize(cut, (height, min(width, 140)), pixels.CUBIC), 0, 255)
    above = int(rng.integers(0, 100 - height))
    gaps = (int(rng.integers(1, 12)), int(rng.integers(1, 12)))
    return np.pad(field, ((above, 100 - height - above), gaps)).astype(np.uint8)


MARKS: Mapping[str, Callable[[Rng], Mark]] = {
    "letter": letter,
    "greek-letter": greek_letter,
    "cyrillic-letter": cyrillic_letter,
    "foreign-digit": foreign_digit,
    "symbol": symbol,
    "scribble": scribble,
    "random-strokes": random_strokes,
    "shape": shape,
}
