"""Thinning: strokes of any width to their middle line, one pixel wide.

binary uint8 [H, W] -> (look up each pixel's eight neighbours, delete) x until nothing changes
"""

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

# Neighbours clockwise from the one above, as bits 1, 2, 4 ... 128.
_BITS = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], np.float32)
MAX_ROUNDS = 60  # more than half of the widest stroke in pixels


def thin(binary: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Thin strokes to lines that keep their ends, holes and connections.

    Args:
        binary: uint8 [H, W]; 0 or 1. Its outermost pixels should be 0.

    Returns:
        uint8 [H, W]; 0 or 1.

    Source: Zhang and Suen (1984), "A fast parallel algorithm for thinning digital patterns".
    """
    line = binary.copy()
    left = cv2.countNonZero(line)
    for _ in range(MAX_ROUNDS):
        for table in _tables():
            neighbours = cv2.filter2D(line, cv2.CV_8U, _BITS, borderType=cv2.BORDER_CONSTANT)
            cv2.bitwise_and(line, cv2.LUT(neighbours, table), line)
        before, left = left, cv2.countNonZero(line)
        if left == before:
            break
    return line


@cache
def _tables() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Return both passes' tables: neighbours to 0 = delete, 1 = keep."""
    keep = np.ones((2, 256), np.uint8)
    for code in range(256):
        ring = [code >> bit & 1 for bit in range(8)]
        steps = sum(ring[bit] == 0 and ring[(bit + 1) % 8] == 1 for bit in range(8))
        if 2 <= sum(ring) <= 6 and steps == 1:
            above, right, below, left = ring[0], ring[2], ring[4], ring[6]
            keep[0, code] = (above and right and below) or (right and below and left)
            keep[1, code] = (above and right and left) or (above and below and left)
    return keep[0], keep[1]
