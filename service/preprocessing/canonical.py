"""The canonical form: MNIST's own normalisation.

    ink crop -> stroke weight -> 20x20 box -> centre of mass in 28x28

Source: LeCun et al. (1998), "Gradient-based learning applied to document recognition", section III-A.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from service.preprocessing.decoding import Grey
from service.preprocessing.geometry import Box
from service.preprocessing.morphology import dilate
from service.preprocessing.paper import LEVELS

SIDE = 28  # pixels of the canonical image
BOX = 20  # pixels of the longer side of the digit in it
FINE = (54, 100)  # pixels of the longer side of the digit where its strokes are weighed
MARGIN = 4  # pixels around it, into which strokes may grow
MIN_STROKE = 2.0  # canonical pixels; MNIST's strokes are 2 to 4 wide
MAX_STROKE = 5.0  # canonical pixels
CANONICAL_BOX = (14, 24)  # pixels; the longer side of MNIST's digits lies between
CANONICAL_SHIFT = 1.6  # pixels between centre of mass and image centre that rounding explains
CANONICAL_BORDER = 0.1  # share of the border's pixels that a lopsided digit may reach
CANONICAL_GREY = 0.06  # share of pixels; grain and JPEG noise leave more faint ones
FAINT = 16  # of 255; a pixel up to here is paper


def canonical_box(grey: Grey) -> Box | None:
    """Return the box around the digit of a picture that is canonical already and must pass untouched; else None.

    It is 28x28 and black around, and what is bright fills about the 20x20 box with its centre of mass at
    the centre. A lopsided digit may reach the border, if it fills the box exactly, as MNIST's do.

    Args:
        grey: uint8 [H, W].
    """
    if grey.shape != (SIDE, SIDE) or np.maximum.reduce(grey, axis=None) < 128:
        return None
    inked = grey > FAINT
    box = Box.around(inked)
    if not CANONICAL_BOX[0] <= box.longer_side <= CANONICAL_BOX[1]:
        return None
    if box.touches(grey.shape) and (
        box.longer_side != BOX or _border_share(inked) > CANONICAL_BORDER
    ):
        return None
    num_grey = np.count_nonzero(grey) - np.count_nonzero(inked)
    if num_grey > CANONICAL_GREY * grey.size:
        return None
    y, x = centre_of_mass(grey)
    centre = (SIDE - 1) / 2
    return box if max(abs(y - centre), abs(x - centre)) <= CANONICAL_SHIFT else None


def _border_share(inked: npt.NDArray[np.bool_]) -> float:
    """Return the ink in the outermost rows and columns of bool [28, 28], as a share of their pixels."""
    borders = inked[0], inked[-1], inked[:, 0], inked[:, -1]
    return sum(np.count_nonzero(border) for border in borders) / (4 * SIDE)


def normalise(crop: Grey) -> tuple[Grey, str | None]:
    """Bring a digit's size, stroke weight and place to the canonical form.

    Args:
        crop: uint8 [H, W], the digit's ink cut to its box; not blank.

    Returns:
        uint8 [28, 28], the strongest ink is 255; and the name of the step that changed the strokes.
    """
    side = max(crop.shape)
    if not FINE[0] <= side <= FINE[1]:
        side = FINE[0]
        crop = _fitted(crop, side)
    unit = side / BOX
    weighted, step = _weighted(_padded(_full_strength(crop), MARGIN), unit)
    return place(weighted), step


def stroke_width(mask: npt.NDArray[np.bool_]) -> float:
    """Estimate the width of strokes in pixels: the ink's area over half its rim.

    Args:
        mask: bool [H, W], ink; its outermost pixels are empty.
    """
    core = mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:] & mask[1:-1, 1:-1]
    area, core_area = int(np.count_nonzero(mask)), int(np.count_nonzero(core))
    return 2 * area / max(area - core_area, 1)


def place(fine: Grey) -> Grey:
    """Scale a digit into the 20x20 box and put its centre of mass at the centre of 28x28.

    Args:
        fine: uint8 [H, W], the digit's ink; larger than the box.

    Returns:
        uint8 [28, 28]; the strongest ink is 255.
    """
    small = _full_strength(_fitted(fine[Box.around(fine > FAINT).slices], BOX))
    y, x = centre_of_mass(small)
    centre = (SIDE - 1) / 2
    top = min(max(round(centre - y), 0), SIDE - small.shape[0])
    left = min(max(round(centre - x), 0), SIDE - small.shape[1])
    canonical = np.zeros((SIDE, SIDE), np.uint8)
    canonical[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canonical


def _weighted(fine: Grey, unit: float) -> tuple[Grey, str | None]:
    """Bring the width of strokes into the range of MNIST's, `unit` pixels per canonical pixel.

    Returns:
        The ink, and the name of the step or None.
    """
    width = stroke_width(fine > 127)
    grow = round((MIN_STROKE * unit - width) / 2)
    shrink = round((width - MAX_STROKE * unit) / 2)
    if grow < 1 and shrink < 1:
        return fine, None
    reweighted = dilate(fine, grow) if grow > 0 else ~dilate(~fine, shrink)
    if not (reweighted > 127).any():
        return fine, None
    return reweighted, "strokes-thickened" if grow > 0 else "strokes-thinned"


def _fitted(crop: Grey, side: int) -> Grey:
    """Scale so that the longer side has `side` pixels; enlarged, with a pixel of paper around it more.

    A pixel at the crop's edge then fades into the paper, as one within does, and is not drawn out to a bar.
    """
    scale = side / max(crop.shape)
    if scale > 1:
        crop = _padded(crop, 1)
    height, width = crop.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(crop).resize(size, how))


def _padded(crop: Grey, by: int) -> Grey:
    """Put `by` pixels of paper around a crop, in a tenth of the time that `np.pad` takes."""
    height, width = crop.shape
    padded = np.zeros((height + 2 * by, width + 2 * by), np.uint8)
    padded[by : by + height, by : by + width] = crop
    return padded


def _full_strength(ink: Grey) -> Grey:
    """Stretch ink so that its strong fifth is 255; scaling down pales thin strokes."""
    inked = ink[ink > max(int(ink.max()) // 4, 1)]
    strong = int(0.8 * (inked.size - 1))
    full = max(int(np.partition(inked, strong)[strong]), 1)
    if full == 255:
        return ink
    stretched: Grey = np.rint(np.minimum(LEVELS * (255 / full), 255)).astype(np.uint8)
    return stretched[ink]


def centre_of_mass(ink: Grey) -> tuple[float, float]:
    """Return where the ink's mass is centred.

    Args:
        ink: uint8 [H, W], some of it above 0.

    Returns:
        Row and column, in pixels from the first pixel's centre.
    """
    height, width = ink.shape
    moments = _powers(height) @ ink @ _powers(width).T
    (total, across), (down, _) = moments.tolist()
    return down / total, across / total


@lru_cache(maxsize=64)
def _powers(length: int) -> npt.NDArray[np.float64]:
    """Return the powers 0 and 1 of the places of a line of pixels, float64 [2, length]."""
    return np.vander(np.arange(length, dtype=np.float64), 2, increasing=True).T
