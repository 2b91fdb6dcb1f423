"""Random times of the simulation: seeded, and drawn in blocks, since one by one they would take most of its time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

BLOCK = 4096

Times = npt.NDArray[np.float64]


class Distribution(Protocol):
    """A distribution of times, in seconds."""

    @property
    def mean_s(self) -> float:
        """Its mean."""

    def draw(self, random: np.random.Generator, count: int) -> Times:
        """Return so many independent times, float64 [count]."""


@dataclass(frozen=True)
class Constant:
    """Always the same time."""

    mean_s: float

    def draw(self, random: np.random.Generator, count: int) -> Times:  # noqa: ARG002
        """Return so many times."""
        return np.full(count, self.mean_s)


@dataclass(frozen=True)
class Exponential:
    """Times without memory: those between the requests of many clients who do not know of each other."""

    mean_s: float

    def draw(self, random: np.random.Generator, count: int) -> Times:
        """Return so many times."""
        return random.exponential(self.mean_s, count)


@dataclass(frozen=True)
class Measured:
    """Times as they were measured.

    Attributes:
        quantiles_s: At equal steps from the least to the largest; between them, times are uniform.
    """

    quantiles_s: tuple[float, ...]

    @property
    def mean_s(self) -> float:
        """Its mean: that of the straight lines between the quantiles."""
        return float(np.trapezoid(self.quantiles_s) / (len(self.quantiles_s) - 1))

    def draw(self, random: np.random.Generator, count: int) -> Times:
        """Return so many times."""
        steps = random.random(count) * (len(self.quantiles_s) - 1)
        return np.interp(steps, np.arange(len(self.quantiles_s)), self.quantiles_s)

    def scale(self, mean_s: float) -> "Measured":
        """Return the same form with another mean."""
        factor = mean_s / self.mean_s
        return Measured(tuple(quantile * factor for quantile in self.quantiles_s))


def stream(distribution: Distribution, random: np.random.Generator) -> Callable[[], float]:
    """Return a function that gives the next time, in seconds, at each call."""
    return _all(distribution, random).__next__


def _all(distribution: Distribution, random: np.random.Generator) -> Iterator[float]:
    """Give times for ever."""
    while True:
        yield from distribution.draw(random, BLOCK).tolist()
