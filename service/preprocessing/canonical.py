"""The canonical form: MNIST's own normalisation.

    ink crop -> stroke weight -> 20x20 box -> centre of mass in 28x28

Source: LeCun et al. (1998), "Gradient-based learning applied to document recognition", section III-A.
"""

import numpy as np
from PIL import Image, ImageFilter

from service.preprocessing.decoding import Grey

SIDE = 28  # pixels of the canonical image
BOX = 20  # pixels of the longer side of the digit in it
MIN_STROKE = 2.0  # canonical pixels; MNIST's strokes are 2 to 4 wide
CANONICAL_BOX = (14, 24)  # pixels; the longer side of MNIST's digits lies between
CANONICAL_SHIFT = 1.6  # pixels between centre of mass and image centre that rounding explains
CANONICAL_BORDER = 0.1  # share of the border's pixels that a lopsided digit may reach
CANONICAL_GREY = 0.06  # share of pixels; grain and JPEG noise leave more faint ones
FAINT = 16  # of 255; a pixel up to here is paper


def is_canonical(grey: Grey) -> bool:
    """Tell whether a picture is a canonical digit already and must pass untouched.

    It is 28x28 and black around, and what is bright fills about the 20x20 box with its centre of mass at
    the centre. A lopsided digit may reach the border, if it fills the box exactly, as MNIST's do.

    Args:
        grey: uint8 [H, W].
    """
    if grey.shape != (SIDE, SIDE) or grey.max() < 128:
        return False
    inked = grey > FAINT
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    side = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    border_ink = np.concatenate([inked[0], inked[-1], inked[:, 0], inked[:, -1]]).mean()
    if border_ink > (CANONICAL_BORDER if side == BOX else 0):
        return False
    if not CANONICAL_BOX[0] <= side <= CANONICAL_BOX[1]:
        return False
    if ((grey > 0) & ~inked).mean() > CANONICAL_GREY:
        return False
    y, x = centre_of_mass(grey)
    centre = (SIDE - 1) / 2
    return max(abs(y - centre), abs(x - centre)) <= CANONICAL_SHIFT


def stroke_weight(crop: Grey) -> tuple[Grey, bool]:
    """Thicken strokes that would be thinner in the canonical box than MNIST's.

    The stroke's width is the ink's area over half its rim.

    Args:
        crop: uint8 [H, W], the digit's ink cut to its box.

    Returns:
        uint8 [H + 2k, W + 2k] with strokes grown by k pixels on each side, and whether k > 0.
    """
    mask = crop > 127
    area = float(mask.sum())
    if not area:
        return crop, False
    padded = np.pad(mask, 1)
    core = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:] & mask
    rim = area - float(core.sum())
    width = 2 * area / max(rim, 1.0)
    unit = max(crop.shape) / BOX  # pixels of the crop per canonical pixel
    grow = round((MIN_STROKE * unit - width) / 2)
    if grow < 1:
        return crop, False
    thick = Image.fromarray(np.pad(crop, grow))
    for _ in range(grow):
        thick = thick.filter(ImageFilter.MaxFilter(3))
    return np.asarray(thick), True


def place(crop: Grey) -> Grey:
    """Scale a digit into the 20x20 box and put its centre of mass at the centre of 28x28.

    Args:
        crop: uint8 [H, W], the digit's ink cut to its box; not blank.

    Returns:
        uint8 [28, 28]; the strongest ink is 255.
    """
    height, width = crop.shape
    scale = BOX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(
        Image.fromarray(crop).resize(
            size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
        ),
        np.float32,
    )
    full = max(
        float(np.percentile(small[small > 32], 80)) if (small > 32).any() else small.max(), 1.0
    )
    small = np.minimum(small * (255 / full), 255)
    y, x = centre_of_mass(small)
    centre = (SIDE - 1) / 2
    top = int(np.clip(round(centre - y), 0, SIDE - small.shape[0]))
    left = int(np.clip(round(centre - x), 0, SIDE - small.shape[1]))
    canonical = np.zeros((SIDE, SIDE), np.uint8)
    canonical[top : top + small.shape[0], left : left + small.shape[1]] = np.rint(small)
    return canonical


def centre_of_mass(ink: "Grey | np.typing.NDArray[np.float32]") -> tuple[float, float]:
    """Return row and column of the ink's centre of mass, in pixels from the first pixel's centre."""
    weights = ink.astype(np.float64)
    total = weights.sum()
    rows, columns = np.arange(ink.shape[0]), np.arange(ink.shape[1])
    return float(weights.sum(axis=1) @ rows / total), float(weights.sum(axis=0) @ columns / total)
