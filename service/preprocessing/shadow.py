"""Shadows with a sharp edge: paper of two tones, both brighter than the ink, or both darker.

grey -> three tones, parted where they differ most -> the darkest or the brightest is ink -> the tone next to it
"""

import numpy as np

from service.preprocessing.decoding import Grey
from service.preprocessing.even_paper import median_distance
from service.preprocessing.otsu import Tones, part_in_three
from service.preprocessing.paper import LEVELS, Paper, histogram, noise_floor_of, rim

SMALLEST_SIDE = 40  # pixels; in smaller pictures the rims of strokes are as much as a tone
MIN_SEPARABILITY = 0.9  # share of the variance of grey levels that lies between three tones
MIN_GAP = 24  # grey levels from tone to tone
INK_SHARE = (0.004, 0.3)  # of the picture that is ink
PAPER_SHARE = 0.08  # of the picture, and of its outermost pixels, that either paper has at least


def measure_shadowed_paper(grey: Grey) -> list[Paper]:
    """Measure paper on which an edge of a shadow lies, for ink that stands out from both sides of the edge.

    Args:
        grey: uint8 [h, w], of analysis size.

    Returns:
        Even paper of the tone that is nearer to the ink: one for dark ink and one for bright ink, as far as
        they may be there.
    """
    if max(grey.shape) <= SMALLEST_SIDE:
        return []
    counts = histogram(grey)
    tones = part_in_three(counts)
    if tones is None or tones.separability < MIN_SEPARABILITY or tones.least_gap < MIN_GAP:
        return []
    shares, at_rim = tones.shares, tones.shares_of(rim(grey))
    papers = []
    for ink, far in ((0, 2), (2, 0)):
        is_ink = INK_SHARE[0] <= shares[ink] <= INK_SHARE[1]
        if is_ink and min(shares[1], shares[far], at_rim[1], at_rim[far]) >= PAPER_SHARE:
            papers.append(_paper_of(tones, is_light=ink == 0))
    return papers


def _paper_of(tones: Tones, *, is_light: bool) -> Paper:
    """Describe paper of the middle tone."""
    first, last = tones.bounds
    middle = np.where((first < LEVELS) & (last >= LEVELS), tones.counts, 0)
    level = float(middle @ LEVELS / middle.sum())
    floor = noise_floor_of(median_distance(np.abs(LEVELS - level), middle))
    surface = np.full((1, 1), level, np.float32)
    return Paper(surface, is_light, round(floor), tones.counts, is_shadowed=True)
