"""Otsu's threshold: the level that parts a histogram into the two groups that differ most.

Source: Otsu (1979), "A threshold selection method from gray-level histograms".
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from service.preprocessing.paper import LEVELS


class Split(NamedTuple):
    """Two groups of levels.

    Attributes:
        level: Highest level of the lower group.
        low: Mean of the lower group.
        high: Mean of the higher group.
        separability: Share of the variance that lies between the groups, 0..1.
    """

    level: int
    low: float
    high: float
    separability: float


def split_levels(counts: npt.NDArray[np.number]) -> Split | None:
    """Part the levels of a histogram in two.

    Args:
        counts: [256], the pixels of each level.

    Returns:
        The groups, or None if there are fewer than two levels.
    """
    below, sums = counts.cumsum().astype(np.float64), (counts * LEVELS).cumsum()
    total, sum_of_all = below[-1], sums[-1]
    above = total - below
    if not (below * above).any():
        return None
    low, high = sums / np.maximum(below, 1), (sum_of_all - sums) / np.maximum(above, 1)
    between = below * above * (low - high) ** 2
    best = int(np.argmax(between))
    variance = float(counts @ (LEVELS - sum_of_all / total) ** 2) * total
    return Split(best, float(low[best]), float(high[best]), float(between[best]) / variance)
