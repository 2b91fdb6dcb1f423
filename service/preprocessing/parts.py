"""Connected parts of a mask, found from the runs of its rows.

mask -> runs -> runs that touch, joined -> parts with mass and box
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.preprocessing.decoding import Grey
from service.preprocessing.geometry import Box

Mask = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Part:
    """A connected part of the ink.

    Attributes:
        number: Its number among the parts, from 0.
        mass: Sum of its ink, in full pixels.
        area: Its pixels.
        box: Box around it.
        contact: Largest share of a side of the picture along which it touches the border.
    """

    number: int
    mass: float
    area: int
    box: Box
    contact: float

    @property
    def fill(self) -> float:
        """Share of its box that it covers."""
        return self.area / self.box.area


@dataclass(frozen=True)
class Runs:
    """The runs of true pixels in the rows of a mask.

    Attributes:
        rows: intp [R], in reading order.
        starts: intp [R], first column of each run.
        ends: intp [R], column after its last.
        shape: Of the mask.
    """

    rows: Indices
    starts: Indices
    ends: Indices
    shape: tuple[int, int]

    def painted(self, chosen: Mask) -> Mask:
        """Return a mask of the chosen runs alone; bool [R] -> bool [H, W]."""
        height, width = self.shape
        changes = np.zeros(height * (width + 1) + 1, np.int8)
        origin = self.rows * (width + 1)
        changes[(origin + self.starts)[chosen]] = 1
        changes[(origin + self.ends)[chosen]] = -1
        return changes[:-1].cumsum(dtype=np.int8).reshape(height, width + 1)[:, :width] > 0


def find_runs(mask: Mask) -> Runs:
    """Find the runs of true pixels in the rows of bool [H, W]."""
    height, width = mask.shape
    padded = np.zeros((height, width + 1), np.int8)
    padded[:, :width] = mask
    flat = padded.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    if flat[0]:
        edges = np.concatenate([[0], edges])
    starts, ends = edges[::2], edges[1::2]
    rows = starts // (width + 1)
    return Runs(rows, starts - rows * (width + 1), ends - rows * (width + 1), (height, width))


def join_runs(runs: Runs) -> Indices:
    """Number the 8-connected parts of a mask.

    Each row's runs are joined to those above that they touch, by union-find.

    Returns:
        intp [R], the part of each run, from 0 in reading order.
    """
    parents: list[int] = []

    def root(part: int) -> int:
        while parents[part] != part:
            part = parents[part]
        return part

    rows, starts, ends = runs.rows.tolist(), runs.starts.tolist(), runs.ends.tolist()
    parts: list[int] = []
    above = 0  # the first run of the row above that may still touch
    for row, start, end in zip(rows, starts, ends, strict=True):
        while rows[above] < row - 1 or (rows[above] == row - 1 and ends[above] < start):
            above += 1
        other, part = above, -1
        while rows[other] == row - 1 and starts[other] <= end:
            touched = root(parts[other])
            if part < 0:
                part = touched
            elif touched != part:
                part, merged = min(part, touched), max(part, touched)
                parents[merged] = part
            other += 1
        if part < 0:
            part = len(parents)
            parents.append(part)
        parts.append(part)
    roots = [root(part) for part in range(len(parents))]
    numbers = {part: number for number, part in enumerate(dict.fromkeys(roots))}
    return np.array([numbers[roots[part]] for part in parts], np.intp)


def measure_parts(runs: Runs, numbers: Indices, ink: Grey) -> list[Part]:
    """Weigh and box every part.

    Args:
        runs: Of the mask.
        numbers: intp [R], the part of each run.
        ink: uint8 [H, W].
    """
    width = runs.shape[1]
    sums = np.zeros(ink.size + 1)
    np.cumsum(ink.ravel(), out=sums[1:])
    origin = runs.rows * width
    lengths = runs.ends - runs.starts
    masses = np.bincount(numbers, weights=sums[origin + runs.ends] - sums[origin + runs.starts])
    areas = np.bincount(numbers, weights=lengths)
    count = len(masses)
    left, right = np.full(count, width), np.zeros(count, np.intp)
    top, bottom = np.full(count, runs.shape[0]), np.zeros(count, np.intp)
    np.minimum.at(left, numbers, runs.starts)
    np.maximum.at(right, numbers, runs.ends)
    np.minimum.at(top, numbers, runs.rows)
    np.maximum.at(bottom, numbers, runs.rows + 1)
    columns = (masses, areas, left, top, right, bottom, _contacts(runs, numbers, lengths, count))
    return [
        Part(number, mass / 255, int(area), Box(*box), contact)
        for number, (mass, area, *box, contact) in enumerate(
            zip(*(column.tolist() for column in columns), strict=True)
        )
    ]


def _contacts(
    runs: Runs, numbers: Indices, lengths: Indices, count: int
) -> npt.NDArray[np.float64]:
    """Return, per part, the largest share of a side of the picture that it touches."""
    height, width = runs.shape
    sides = (
        np.bincount(numbers, weights=lengths * (runs.rows == 0), minlength=count) / width,
        np.bincount(numbers, weights=lengths * (runs.rows == height - 1), minlength=count) / width,
        np.bincount(numbers, weights=runs.starts == 0, minlength=count) / height,
        np.bincount(numbers, weights=runs.ends == width, minlength=count) / height,
    )
    contacts: npt.NDArray[np.float64] = np.maximum.reduce(sides)
    return contacts
