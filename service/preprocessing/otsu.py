"""Otsu's threshold: the levels that part a histogram into the two or three groups that differ most.

Source: Otsu (1979), "A threshold selection method from gray-level histograms".
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from service.preprocessing.decoding import Grey
from service.preprocessing.paper import LEVELS, Counts

BIN = 4  # grey levels that are not told apart where a histogram is parted in three
_PAIRS = np.triu_indices(LEVELS.size // BIN - 1, 1)  # of bins after which two groups may end


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


@dataclass(frozen=True)
class Tones:
    """Three groups of levels, dark to bright.

    Attributes:
        counts: intp [256], the pixels of each level.
        bounds: Highest level of the first and of the second group.
        shares: Of the pixels that each group has.
        means: Of each group's levels.
        separability: Share of the variance that lies between the groups, 0..1.
    """

    counts: Counts
    bounds: tuple[int, int]
    shares: tuple[float, float, float]
    means: tuple[float, float, float]
    separability: float

    @property
    def least_gap(self) -> float:
        """Levels from mean to mean, the smaller difference."""
        low, middle, high = self.means
        return min(middle - low, high - middle)

    def shares_of(self, pixels: Grey) -> tuple[float, float, float]:
        """Return the share of some pixels, uint8 [P], in each group."""
        low, high = (np.count_nonzero(pixels <= bound) / pixels.size for bound in self.bounds)
        return low, high - low, 1 - high


def part_in_three(counts: Counts) -> Tones | None:
    """Part the levels of a histogram in three, to `BIN` levels.

    Args:
        counts: intp [256], the pixels of each level.

    Returns:
        The groups, or None if there are fewer than three levels.
    """
    places = np.arange(BIN - 1, LEVELS.size, BIN)  # the highest level of each bin
    below, sums = counts.cumsum()[places], (counts * LEVELS).cumsum()[places]
    total, sum_of_all = int(below[-1]), int(sums[-1])
    first, second = _PAIRS
    sizes = np.stack([below[first], below[second] - below[first], total - below[second]])
    masses = np.stack([sums[first], sums[second] - sums[first], sum_of_all - sums[second]])
    between = (masses.astype(np.float64) ** 2 / np.maximum(sizes, 1)).sum(axis=0)
    best = int(between.argmax())
    if not sizes[:, best].all():
        return None
    mean = sum_of_all / total
    variance = float(counts @ (LEVELS - mean) ** 2)
    low, middle, high = (masses[:, best] / sizes[:, best]).tolist()
    dark, medium, bright = (sizes[:, best] / total).tolist()
    return Tones(
        counts,
        (int(places[first[best]]), int(places[second[best]])),
        (dark, medium, bright),
        (low, middle, high),
        (float(between[best]) - total * mean**2) / variance,
    )
