"""Segmentation: which of the ink is the digit.

ink -> connected parts -> the main part and its companions -> box
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from service.preprocessing.decoding import Grey

LABEL_SIDE = 100  # pixels; parts are found on a picture of at most this size
MAX_PARTS = 32  # bounds the work on a picture of many dots
DUST_SHARE = 0.01  # of the heaviest part's ink; smaller parts are not even counted
SPECK_SHARE = 0.04  # of the main part's ink; smaller parts are dust unless they lie inside its box
COMPANION_GAP = (
    0.25  # of the main part's longer side; a stroke of the same digit is nearer than this
)
FRAME = 0.3  # plausibility of a part around the border; the digit in it is no companion of it
INK_THRESHOLD = 64  # of 255


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels: `left <= x < right`, `top <= y < bottom`."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def around(cls, mask: npt.NDArray[np.bool_]) -> Self:
        """Return the smallest box around the true pixels of bool [H, W]; not all may be false."""
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        return cls(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the box in an array [H, W]."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def longer_side(self) -> int:
        """The larger of width and height, in pixels."""
        return max(self.right - self.left, self.bottom - self.top)

    def scaled(self, factor: float) -> "Box":
        """Return the box in a picture that is `factor` times as large."""
        sides = (self.left, self.top, self.right, self.bottom)
        return Box(*(round(side * factor) for side in sides))

    def gap_to(self, other: "Box") -> int:
        """Return the distance to another box in pixels along the farther axis; 0 if they overlap."""
        across = max(self.left - other.right, other.left - self.right, 0)
        down = max(self.top - other.bottom, other.top - self.bottom, 0)
        return max(across, down)


@dataclass(frozen=True)
class Segment:
    """The digit's ink.

    Attributes:
        ink: uint8 [H, W]; other parts are erased.
        box: Box around it.
        at_border: Whether it touches the picture's border.
        dropped_parts: Number of parts that were erased.
    """

    ink: Grey
    box: Box
    at_border: bool
    dropped_parts: int


@dataclass(frozen=True)
class _Part:
    """A connected part: its label, ink and box."""

    label: int
    mass: float
    box: Box


def segment(ink: Grey) -> Segment:
    """Keep the parts of the ink that make the digit.

    Args:
        ink: uint8 [H, W]; 0 = background; some pixel exceeds `INK_THRESHOLD`.

    Returns:
        The digit's ink, in the picture's own pixels.
    """
    step = -(-max(ink.shape) // LABEL_SIDE)
    small = _shrink_by_max(ink, step)
    labels = label_parts(small > INK_THRESHOLD)
    parts = _measure(labels, small)
    kept = _choose(parts, small.shape)
    keep = np.isin(labels, [part.label for part in kept])
    grown = Image.fromarray(keep.astype(np.uint8) * 255).filter(ImageFilter.MaxFilter(3))
    mask = np.kron(np.asarray(grown) > 0, np.ones((step, step), bool))
    digit = np.where(mask[: ink.shape[0], : ink.shape[1]], ink, 0)
    box = Box.around(digit > INK_THRESHOLD)
    height, width = ink.shape
    at_border = box.left == 0 or box.top == 0 or box.right == width or box.bottom == height
    return Segment(digit, box, at_border, len(parts) - len(kept))


def label_parts(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Number the 8-connected parts of a mask.

    Runs of each row are joined to the runs above that they touch, by union-find.

    Args:
        mask: bool [H, W].

    Returns:
        int32 [H, W]; 0 outside, else the part's number from 1 on, in reading order.
    """
    labels = np.zeros(mask.shape, np.int32)
    parents = [0]

    def root(label: int) -> int:
        while parents[label] != label:
            parents[label] = parents[parents[label]]
            label = parents[label]
        return label

    edges = np.diff(np.pad(mask.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    above: list[tuple[int, int, int]] = []
    for row in range(len(mask)):
        current = []
        starts, ends = np.flatnonzero(edges[row] == 1), np.flatnonzero(edges[row] == -1)
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            touching = [
                root(label) for left, right, label in above if left <= end and right >= start
            ]
            label = min(touching, default=len(parents))
            if not touching:
                parents.append(label)
            for other in touching:
                parents[other] = label
            labels[row, start:end] = label
            current.append((start, end, label))
        above = current
    roots = np.array([root(label) for label in range(len(parents))])
    return np.unique(roots, return_inverse=True)[1].astype(np.int32)[labels]


def _shrink_by_max(ink: Grey, step: int) -> Grey:
    """Reduce by a whole factor, keeping the strongest ink of each cell, so thin strokes survive."""
    height, width = -(-ink.shape[0] // step) * step, -(-ink.shape[1] // step) * step
    padded = np.pad(ink, ((0, height - ink.shape[0]), (0, width - ink.shape[1])))
    cells = padded.reshape(height // step, step, width // step, step)
    strongest: Grey = cells.max(axis=(1, 3))
    return strongest


def _measure(labels: npt.NDArray[np.int32], ink: Grey) -> list[_Part]:
    """Weigh and box the heaviest parts; a halftone has thousands, of which none is a digit."""
    masses = np.bincount(labels.ravel(), weights=ink.ravel().astype(np.float64))[1:]
    heaviest = np.argsort(-masses, kind="stable")[:MAX_PARTS]
    return [
        _Part(int(index) + 1, float(masses[index]), Box.around(labels == index + 1))
        for index in heaviest
        if masses[index] >= DUST_SHARE * masses.max()
    ]


def _choose(parts: list[_Part], shape: tuple[int, ...]) -> list[_Part]:
    """Pick the main part and its companions: heavy, and inside or near what was picked."""
    main = max(parts, key=lambda part: part.mass * _plausibility(part, shape))
    kept = [main]
    for part in sorted(parts, key=lambda part: part.box.gap_to(main.box)):
        if part is main or part.mass < SPECK_SHARE * main.mass:
            continue
        gap = min(part.box.gap_to(other.box) for other in kept)
        plausibility = _plausibility(part, shape)
        is_near = gap <= COMPANION_GAP * main.box.longer_side and plausibility == 1
        if is_near or (gap == 0 and plausibility > FRAME):
            kept.append(part)
    return kept


def _plausibility(part: _Part, shape: tuple[int, ...]) -> float:
    """Weigh down frames, table edges and margins: parts that run along or around the border."""
    height, width = shape
    box = part.box
    touches = (box.left == 0) + (box.top == 0) + (box.right == width) + (box.bottom == height)
    spans = (box.right - box.left >= 0.9 * width) + (box.bottom - box.top >= 0.9 * height)
    if touches >= 3 and spans == 2:
        return FRAME
    if touches and not (width <= 40 and height <= 40):
        return 0.4
    return 1.0
