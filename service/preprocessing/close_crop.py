"""Close crops: a bold digit that fills its picture, where paper neither prevails nor lies all around.

grey -> two tones, parted by Otsu's threshold -> the tone of which one part reaches from side to side -> Paper
"""

import numpy as np

from service.preprocessing.decoding import Grey
from service.preprocessing.geometry import Mask
from service.preprocessing.otsu import split_levels
from service.preprocessing.paper import Paper, histogram, noise_floor
from service.preprocessing.parts import Part, find_parts

MIN_SEPARABILITY = 0.9  # share of the variance of grey levels that lies between two tones
MAX_CONTACT = 0.85  # of a side of the picture that a digit touches; a table's edge takes all of one
MAX_MARGIN = 0.16  # of the picture's height or width between the digit and either end
MAX_OTHERS = 0.08  # of the ink that is not the digit's main part
AREA_FILL = 0.5  # of its box that a lit or a dark area covers at least
AREA_ASPECT = 0.5  # of the longer side of its box that the other has at least; of a bold one less
SHEET_FILL = 0.84  # of its box that a sheet covers, whatever is on it; a bold digit less
SOLID_SHARE = 0.95  # of what lies between its edges that an area without a digit covers
MAX_SHARE = 0.8  # of the picture that is ink


def measure_close_crop(grey: Grey) -> Paper | None:
    """Measure the paper of a picture that a bold digit fills.

    Args:
        grey: uint8 [H, W], of analysis size.

    Returns:
        Even paper, or None if the picture does not have two tones, or none of them is a digit that fills it.
    """
    counts = histogram(grey)
    split = split_levels(counts)
    if split is None or split.separability < MIN_SEPARABILITY:
        return None
    is_dark = grey <= split.level
    fitting = [ink for ink in (is_dark, ~is_dark) if _fills_picture(ink)]
    if len(fitting) != 1:
        return None
    (ink,) = fitting
    bare = grey[~ink].astype(np.float32)
    level = float(np.median(bare))
    floor = round(noise_floor(bare - level))
    return Paper(np.full((1, 1), level, np.float32), ink is is_dark, floor, counts)


def _fills_picture(ink: Mask) -> bool:
    """Tell whether nearly all of some ink is one part that reaches from side to side, and lines none of them."""
    if np.count_nonzero(ink) > MAX_SHARE * ink.size:
        return False
    parts = find_parts(ink, ink.astype(np.uint8) * 255)
    main = parts.heaviest[0]
    return bool(
        main.contact <= MAX_CONTACT
        and main.area >= (1 - MAX_OTHERS) * np.count_nonzero(ink)
        and _reaches_sides(main, ink.shape)
        and not _is_area(main, ink)
    )


def _reaches_sides(part: Part, shape: tuple[int, ...]) -> bool:
    """Tell whether a part comes near to both ends of the picture's height or width."""
    box, (height, width) = part.box, shape
    return (
        max(box.top, height - box.bottom) <= MAX_MARGIN * height
        or max(box.left, width - box.right) <= MAX_MARGIN * width
    )


def _is_area(part: Part, ink: Mask) -> bool:
    """Tell whether a part is no stroke: a sheet, or the light or dark side of a shadow's edge, without hollows."""
    box = part.box
    if part.fill < AREA_FILL or min(box.width, box.height) < AREA_ASPECT * box.longer_side:
        return False
    cut = ink[box.slices]
    widest = max(_span(cut), _span(cut.T))
    return part.fill >= SHEET_FILL or part.area >= SOLID_SHARE * widest


def _span(ink: Mask) -> int:
    """Return the pixels between the first and the last of each row, summed over the rows."""
    inked = ink[np.logical_or.reduce(ink, axis=1)]
    width = ink.shape[1]
    return int((width - inked.argmax(axis=1) - inked[:, ::-1].argmax(axis=1)).sum())
