"""Ink: a map that is bright where the pen went, whatever the light, the paper and the polarity.

contrast with the paper -> floor that grain reaches -> contrast of full ink -> ramp -> ink 0..255
"""

import numpy as np
import numpy.typing as npt

from service.preprocessing.decoding import Grey
from service.preprocessing.otsu import split_levels
from service.preprocessing.paper import LEVELS, TINY_SIDE, histogram

INK_SHARE_MIN = 2e-4  # share of pixels; less is dust
FULL_RANK = 0.75  # of the inked pixels that are at most as strong as full ink
SATURATION = 0.85  # of the contrast of full ink, from which on ink is full
CLEAR_SPLIT = 1.5  # times as strong as weak marks are the pen's


def draw_ink(contrast: Grey, floor: int) -> tuple[Grey, int]:
    """Turn contrast into ink: nothing of most grain, a little at the floor, full where the pen pressed.

    Args:
        contrast: uint8 [H, W].
        floor: Contrast that grain reaches.

    Returns:
        uint8 [H, W]; 0 = paper, 255 = full ink; and the contrast of full ink, 0 if there is no ink.
    """
    ramp, full = find_ramp(histogram(contrast), floor, contrast.shape)
    return ramp.take(contrast), full


def find_ramp(
    counts: npt.NDArray[np.number], floor: int, shape: tuple[int, ...]
) -> tuple[Grey, int]:
    """Find out how much ink each contrast means.

    Args:
        counts: [256], the pixels of each contrast.
        floor: Contrast that grain reaches.
        shape: Of the picture [H, W].

    Returns:
        uint8 [256], ink 0..255, all 0 if there is none; and the contrast of full ink, 0 likewise.
    """
    full = _full_contrast(counts, floor, shape[0] * shape[1])
    if full == 0:
        return np.zeros(LEVELS.size, np.uint8), 0
    # Of a tiny picture every pixel's grey tells of the stroke's place.
    if max(shape) <= TINY_SIDE:
        return _ramp(0, full / SATURATION), full
    return _ramp(max(floor, 0.3 * full), full), full


def split_contrast(contrast: Grey, floor: int) -> int | None:
    """Part strong marks from weak ones, by Otsu's threshold on what exceeds the floor.

    Args:
        contrast: uint8 [H, W].
        floor: Contrast that grain reaches.

    Returns:
        A higher floor, or None if strong marks are not clearly stronger.
    """
    counts = histogram(contrast)
    counts[: floor + 1] = 0
    split = split_levels(counts)
    return split.level if split and split.high > CLEAR_SPLIT * split.low else None


def _full_contrast(counts: npt.NDArray[np.number], floor: int, num_pixels: int) -> int:
    """Return the contrast of full ink, given the pixels of each contrast; 0 if few exceed the floor."""
    inked = counts[floor + 1 :].cumsum()
    if inked[-1] < max(INK_SHARE_MIN * num_pixels, 1):
        return 0
    return floor + 1 + int(np.searchsorted(inked, FULL_RANK * inked[-1]))


def _ramp(low: float, full: float) -> Grey:
    """Return the ink of every contrast, uint8 [256]; the ramp keeps the anti-aliased rim of strokes."""
    ramp = np.clip((LEVELS - 0.5 * low) / max(SATURATION * full - 0.5 * low, 1.0), 0, 1) * 255
    ramp[0.6 * low > LEVELS] = 0
    of_contrast: Grey = np.rint(ramp).astype(np.uint8)
    return of_contrast
