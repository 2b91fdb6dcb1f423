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
from training.uploads.curves import Stroke
from training.uploads.fonts import find_fonts, fonts_with, print_text
from training.uploads.ink import bend
from training.uploads.pens import Digit
from training.uploads.scene import Rng, chance, uniform
from training.uploads.shapes import shape
from training.uploads.strokes import draw_digit, draw_strokes

LATIN = "ACEFHJKLMNPRTUVWXYacdefhkmnprtuvwx"
GREEK = "αβγδκλμνξπρφψωΓΔΛΞΠΣΦΨΩ"
CYRILLIC = "ДЖИЙКЛПФЦШЩЫЮЯжийклмпфцшщюя"
SYMBOLS = "&%?@#€+=*<{~^£$"
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
