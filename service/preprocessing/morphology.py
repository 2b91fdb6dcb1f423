"""Morphology: growing marks and closing them.

mask or grey picture -> maximum over a square window (dilation) -> and back again (closing)

Source: Serra (1982), "Image analysis and mathematical morphology"; the maximum over a wide window is
built from ever wider ones, each twice as wide as the last.
"""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from service.preprocessing.decoding import Grey

Pixel = TypeVar("Pixel", np.bool_, np.uint8)


def dilate(image: npt.NDArray[Pixel], reach: int) -> npt.NDArray[Pixel]:
    """Grow the true or bright pixels of a picture by `reach` pixels on each side, corners included.

    Args:
        image: bool or uint8 [H, W].
        reach: In pixels, at least 0.

    Returns:
        The same shape and dtype: the maximum over a square window of `2 * reach + 1` pixels, cut off
        at the border.
    """
    return np.ascontiguousarray(dilate_columns(dilate_columns(image, reach).T, reach).T)


def dilate_columns(image: npt.NDArray[Pixel], reach: int) -> npt.NDArray[Pixel]:
    """Grow the true or bright pixels by `reach` pixels up and down alone; otherwise as `dilate`.

    Args:
        image: bool or uint8 [H, W].
        reach: In pixels, at least 0.

    Returns:
        The same shape and dtype: the maximum over `2 * reach + 1` rows, cut off at the border.
    """
    rows = np.arange(-reach, len(image) + reach)
    # The border's pixels, repeated, change no maximum.
    values = image.take(rows, axis=0, mode="clip")
    width, wanted = 1, 2 * reach + 1
    while width < wanted:
        step = min(width, wanted - width)
        values = np.maximum(values[:-step], values[step:])
        width += step
    return values


def close(grey: Grey, reach: int) -> Grey:
    """Fill dark marks of at most `2 * reach` pixels in width with what surrounds them.

    Args:
        grey: uint8 [H, W].
        reach: In pixels, at least 0.

    Returns:
        uint8 [H, W], nowhere darker than `grey`.
    """
    return ~dilate(~dilate(grey, reach), reach)
