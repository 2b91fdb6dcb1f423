"""Boxes and masks of pixels.

mask (bool, a pixel each) -> the smallest box around what is true -> grown, cut, scaled, compared
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels: `left <= x < right`, `top <= y < bottom`."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def around(cls, mask: Mask) -> Self:
        """Return the smallest box around the true pixels of bool [H, W]; not all may be false."""
        # Bytes are searched in a fifth of the time that `argmax` takes.
        rows = np.logical_or.reduce(mask, axis=1).tobytes()
        columns = np.logical_or.reduce(mask, axis=0).tobytes()
        return cls(columns.find(1), rows.find(1), columns.rfind(1) + 1, rows.rfind(1) + 1)

    @classmethod
    def of(cls, shape: tuple[int, ...]) -> Self:
        """Return the box of a whole picture [H, W]."""
        return cls(0, 0, shape[1], shape[0])

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the box in an array [H, W]."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def width(self) -> int:
        """Columns of the box."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Rows of the box."""
        return self.bottom - self.top

    @property
    def longer_side(self) -> int:
        """The larger of width and height, in pixels."""
        return max(self.width, self.height)

    @property
    def area(self) -> int:
        """Width times height."""
        return self.width * self.height

    def scaled(self, factor: float) -> "Box":
        """Return the box in a picture that is `factor` times as large."""
        sides = (self.left, self.top, self.right, self.bottom)
        return Box(*(round(side * factor) for side in sides))

    def grown(self, by: int, shape: tuple[int, ...]) -> "Box":
        """Return the box grown by `by` pixels on each side, within a picture [H, W]; shrunk, if negative."""
        box = Box(self.left - by, self.top - by, self.right + by, self.bottom + by)
        return box.within(shape)

    def within(self, shape: tuple[int, ...]) -> "Box":
        """Return what of the box lies in a picture [H, W]; some must."""
        height, width = shape
        return Box(
            max(self.left, 0), max(self.top, 0), min(self.right, width), min(self.bottom, height)
        )

    def shifted(self, x: int, y: int) -> "Box":
        """Return the box moved by `x` columns and `y` rows."""
        return Box(self.left + x, self.top + y, self.right + x, self.bottom + y)

    def united(self, other: "Box") -> "Box":
        """Return the smallest box around both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def touches(self, shape: tuple[int, ...]) -> bool:
        """Tell whether the box reaches the border of a picture [H, W]."""
        height, width = shape
        return self.left == 0 or self.top == 0 or self.right == width or self.bottom == height

    def gap_to(self, other: "Box") -> int:
        """Return the distance to another box in pixels along the farther axis; 0 if they overlap."""
        across = max(self.left - other.right, other.left - self.right, 0)
        down = max(self.top - other.bottom, other.top - self.bottom, 0)
        return max(across, down)

    def rows_shared_with(self, other: "Box") -> int:
        """Return how many rows both boxes cover; negative if they are apart."""
        return min(self.bottom, other.bottom) - max(self.top, other.top)
