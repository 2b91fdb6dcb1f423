"""Curves: strokes as lists of points, in a box of side 1, x to the right and y down.

The line through the points of a stroke is smooth; a point that is named twice is a corner.
"""

from collections.abc import Sequence

import numpy as np

Point = tuple[float, float]
Stroke = Sequence[Point]


def arc(centre: Point, radii: Point, start: float, stop: float, points: int = 9) -> list[Point]:
    """Return points of an ellipse's arc; angles in degrees, 0 = right, 90 = down."""
    angles = np.radians(np.linspace(start, stop, points))
    return [
        (float(centre[0] + radii[0] * np.cos(angle)), float(centre[1] + radii[1] * np.sin(angle)))
        for angle in angles
    ]


def corner(*points: Point) -> list[Point]:
    """Return a line of straight parts: its inner points are corners."""
    return [points[0], *(point for inner in points[1:-1] for point in (inner, inner)), points[-1]]
