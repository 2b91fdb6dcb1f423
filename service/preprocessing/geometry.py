"""Boxes of pixels."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt


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
        """Return the box grown on each side, within a picture [H, W]."""
        return Box(
            max(self.left - by, 0),
            max(self.top - by, 0),
            min(self.right + by, shape[1]),
            min(self.bottom + by, shape[0]),
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

    def contains(self, other: "Box") -> bool:
        """Tell whether another box lies within this one."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and self.right >= other.right
            and self.bottom >= other.bottom
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
