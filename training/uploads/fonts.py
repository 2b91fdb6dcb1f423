"""Fonts: printed digits and letters, from whatever fonts this machine has.

folders -> font files -> those whose digits are digits, each design once -> grouped by folder -> ink

The fonts found decide which pictures a seed gives: on Debian, install the packages that
`docs/uploads.md` names. matplotlib's own fonts are always there for training.
"""

import importlib.util
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from training.errors import TrainingError
from training.uploads import pixels
from training.uploads.scene import Rng

FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local" / "share" / "fonts",
)
DIGITS = "0123456789"
POINTS = 120  # pixels per em of what is printed
_PROBE_POINTS = 24
_PROBE_SIDE = 16
MIN_ALIKE = 7  # of ten digits that must be nearest to the same digit of the reference font


class NoFontsError(TrainingError):
    """No font was found whose digits are digits."""


@cache
def find_fonts() -> Mapping[str, tuple[Path, ...]]:
    """Find every font whose digits are digits, once per design.

    Returns:
        Font files by the folder that holds them, in a fixed order.

    Raises:
        NoFontsError: If there are none.
    """
    fonts: dict[str, list[Path]] = {}
    seen: set[bytes] = set()
    reference: npt.NDArray[np.float32] | None = None
    for path in sorted(_files(), key=lambda path: ("DejaVuSans.ttf" not in path.name, str(path))):
        probe = _probe(path)
        if probe is None:
            continue
        reference = probe if reference is None else reference
        if probe.tobytes() in seen or not _is_alike(probe, reference):
            continue
        seen.add(probe.tobytes())
        fonts.setdefault(path.parent.name, []).append(path)
    if not fonts:
        raise NoFontsError(
            f"No font with digits was found in {', '.join(map(str, _folders()))}. "
            "Install some, for instance Debian's fonts-dejavu and fonts-liberation."
        )
    return {group: tuple(paths) for group, paths in sorted(fonts.items())}


def print_digit(label: int, rng: Rng) -> npt.NDArray[np.uint8]:
    """Print a digit in one of the machine's fonts; every folder of fonts is equally likely.

    Args:
        label: 0..9.
        rng: Draws the font.

    Returns:
        uint8 [h, w]; 0 = paper, 255 = ink, cut to the digit with a small margin.

    Raises:
        NoFontsError: If the machine has no font with digits.
    """
    groups = tuple(find_fonts().values())
    group = groups[int(rng.integers(len(groups)))]
    return print_text(DIGITS[label], group[int(rng.integers(len(group)))])


def print_text(text: str, font: Path, *, points: int = POINTS) -> npt.NDArray[np.uint8]:
    """Print a text in a font of so many pixels per em: uint8 [h, w]; 0 = paper, 255 = ink."""
    return _render(text, font, points)


@cache
def fonts_with(characters: str) -> tuple[Path, ...]:
    """Return the fonts that have every one of some characters, in a fixed order; may be empty."""
    return tuple(path for path in sorted(_files()) if _has(path, characters))


def _has(path: Path, characters: str) -> bool:
    """Tell whether a font has glyphs of its own, one for each of some characters."""
    try:
        missing = _render("\uffff", path, _PROBE_POINTS).tobytes()
        glyphs = [_render(character, path, _PROBE_POINTS) for character in characters]
    except OSError:
        return False
    return all(glyph.max(initial=0) > 128 and glyph.tobytes() != missing for glyph in glyphs)


def _folders() -> list[Path]:
    """Return the folders that are searched."""
    matplotlib = importlib.util.find_spec("matplotlib")
    own = (
        [Path(matplotlib.origin).parent / "mpl-data" / "fonts" / "ttf"]
        if (matplotlib and matplotlib.origin)
        else []
    )
    return [*FOLDERS, *own]


def _files() -> Iterator[Path]:
    """Walk over all font files."""
    for folder in _folders():
        yield from (path for path in folder.rglob("*.[ot]tf") if path.is_file())


@cache
def _font(path: Path, points: int) -> ImageFont.FreeTypeFont:
    """Open a font at a size."""
    return ImageFont.truetype(str(path), points, layout_engine=ImageFont.Layout.BASIC)


def _render(text: str, path: Path, points: int) -> npt.NDArray[np.uint8]:
    """Draw a text, cut to its ink with a margin of one pixel."""
    font = _font(path, points)
    left, top, right, bottom = (int(edge) for edge in font.getbbox(text))
    if right <= left or bottom <= top:
        return np.zeros((1, 1), np.uint8)
    image = Image.new("L", (right - left + 2, bottom - top + 2))
    ImageDraw.Draw(image).text((1 - left, 1 - top), text, 255, font=font)
    return np.asarray(image)


def _probe(path: Path) -> npt.NDArray[np.float32] | None:
    """Return a font's ten digits, float32 [10, 256], each of length 1; None if it lacks any."""
    if not _has(path, DIGITS):
        return None
    digits = [_render(digit, path, _PROBE_POINTS) for digit in DIGITS]
    small = [
        pixels.resize(digit.astype(np.float32), (_PROBE_SIDE,) * 2, pixels.AREA) for digit in digits
    ]
    rows = np.stack(small).reshape(10, -1).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    return rows


def _is_alike(probe: npt.NDArray[np.float32], reference: npt.NDArray[np.float32]) -> bool:
    """Tell whether most digits look more like the reference's same digit than like another."""
    nearest = (probe @ reference.T).argmax(axis=1)
    return int((nearest == np.arange(10)).sum()) >= MIN_ALIKE
