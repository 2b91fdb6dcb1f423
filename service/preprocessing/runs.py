"""Runs: a mask as stretches of true pixels in its rows.

mask -> runs of its rows -> those that touch, joined (union-find) -> a number per connected part
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.preprocessing.geometry import Mask

Indices = npt.NDArray[np.intp]


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

    @property
    def lengths(self) -> Indices:
        """Pixels of each run, intp [R]."""
        return self.ends - self.starts

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
    padded = np.zeros(height * (width + 1) + 1, np.int8)  # a false pixel before and after each row
    padded[1:].reshape(height, width + 1)[:, :width] = mask
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    starts, ends = edges[::2], edges[1::2]
    rows = starts // (width + 1)
    return Runs(rows, starts - rows * (width + 1), ends - rows * (width + 1), (height, width))


def join_runs(runs: Runs) -> Indices:
    """Number the 8-connected parts of a mask.

    Source: Rosenfeld and Pfaltz (1966), "Sequential operations in digital picture processing".

    Returns:
        intp [R], the part of each run, from 0 in reading order.
    """
    labels: list[int] = []  # of the runs
    parents: list[int] = []  # of a label: an earlier one of the same part, or itself
    for first, end in _touched_above(runs):
        if first >= end:
            labels.append(len(parents))
            parents.append(len(parents))
            continue
        label = labels[first]
        labels.append(label)
        for above in range(first + 1, end):
            if labels[above] != label:
                root, later = sorted((_root(parents, label), _root(parents, labels[above])))
                parents[later] = root
    return np.array(_numbered(parents), np.intp).take(np.array(labels, np.intp))


def _touched_above(runs: Runs) -> Iterator[tuple[int, int]]:
    """Yield, per run, the first and the end of the runs in the row above that it touches."""
    stride = runs.shape[1] + 2
    row, above = runs.rows * stride, (runs.rows - 1) * stride
    first = np.searchsorted(row + runs.ends, above + runs.starts)
    end = np.searchsorted(row + runs.starts, above + runs.ends, side="right")
    return zip(first.tolist(), end.tolist(), strict=True)


def _numbered(parents: list[int]) -> list[int]:
    """Number the parts in the order of their first labels, which are their own parents."""
    numbers: list[int] = []
    count = 0
    for label, parent in enumerate(parents):
        if parent == label:
            numbers.append(count)
            count += 1
        else:
            numbers.append(numbers[parent])
    return numbers


def _root(parents: list[int], label: int) -> int:
    """Follow a label to the first of its part, and halve the way for those who follow."""
    while parents[label] != label:
        parents[label] = parents[parents[label]]
        label = parents[label]
    return label
