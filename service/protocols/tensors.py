"""Tensors: numbers of a request to canonical digits.

JSON, nested or flat, or an array -> shape and range checked -> uint8 [N, 28, 28]

The digits are taken as canonical: they go to the engine as they are. Whoever has a picture in place of
a digit sends the picture's file.
"""

import math
from collections.abc import Sequence
from itertools import chain
from typing import TypeGuard

import numpy as np
import numpy.typing as npt

from service.errors import ProtocolError
from service.preprocessing.canonical import SIDE
from service.protocols.bodies import Json, quote

Number = int | float
MAX_LEVEL = 255  # ink
MAX_DIMENSIONS = 8  # of nested JSON; four are the most that mean something


def count_digits(shape: Sequence[int], *, max_images: int) -> int:
    """Return the number of digits in a tensor of a shape.

    Raises:
        ProtocolError: If it is neither [N, 28, 28] nor [N, 28, 28, 1], or N is not 1 to `max_images`.
    """
    if tuple(shape[1:]) not in {(SIDE, SIDE), (SIDE, SIDE, 1)}:
        raise ProtocolError(
            f"'images' has the shape {quote(list(shape))}; expected is [N, {SIDE}, {SIDE}] or [N, {SIDE}, {SIDE}, 1]."
        )
    check_num_images(shape[0], max_images=max_images)
    return shape[0]


def check_num_images(num_images: int, *, max_images: int) -> None:
    """Check the number of images in a request.

    Raises:
        ProtocolError: If there are none or too many.
    """
    if not 1 <= num_images <= max_images:
        raise ProtocolError(
            f"The request brings {quote(num_images)} images; 1 to {max_images} are accepted. Send several requests."
        )


def unnest(data: Json) -> tuple[list[Json], tuple[int, ...]]:
    """Take nested arrays apart.

    Returns:
        The innermost values in order, and the shape.

    Raises:
        ProtocolError: If the arrays of a level differ in length, or the outermost value is no array.
    """
    if not isinstance(data, list):
        raise ProtocolError("A tensor's data is no JSON array.")
    values, shape = data, [len(data)]
    while values and isinstance(values[0], list):
        if not _are_alike(values) or len(shape) == MAX_DIMENSIONS:
            raise ProtocolError(
                "A tensor's nested arrays differ in length or depth. Send a regular array."
            )
        shape.append(len(values[0]))
        values = list(chain.from_iterable(values))
    return values, tuple(shape)


def _are_alike(values: list[Json]) -> TypeGuard[list[list[Json]]]:
    """Tell whether values are arrays of one length."""
    lists = [value for value in values if isinstance(value, list)]
    return len(lists) == len(values) and len({len(value) for value in lists}) == 1


def read_numbers(values: list[Json], num_digits: int) -> list[Number]:
    """Return values that are the numbers of so many digits.

    Raises:
        ProtocolError: If there are more or fewer, or one is no number; truth values are none.
    """
    if len(values) != num_digits * SIDE * SIDE:
        raise ProtocolError(
            f"'images' brings {len(values)} values; its shape means {num_digits * SIDE * SIDE}."
        )
    if not _are_numbers(values):
        raise ProtocolError("A tensor's data holds something else than numbers.")
    return values


def _are_numbers(values: list[Json]) -> TypeGuard[list[Number]]:
    return set(map(type, values)) <= {int, float}


def is_whole(numbers: Sequence[Number]) -> bool:
    """Tell whether every number was written without a fraction."""
    return float not in set(map(type, numbers))


def levels_of(numbers: Sequence[Number]) -> npt.NDArray[np.uint8]:
    """Return whole numbers 0..255 as levels uint8 [len(numbers)].

    Raises:
        ProtocolError: If one is no whole number, or outside.
    """
    if not is_whole(numbers) or not (min(numbers) >= 0 and max(numbers) <= MAX_LEVEL):
        raise ProtocolError(
            f"'images' of UINT8 holds something else than whole numbers 0..{MAX_LEVEL}."
        )
    return np.array(numbers, np.uint8)


def shares_of(numbers: Sequence[Number]) -> npt.NDArray[np.float64]:
    """Return numbers as float64 [len(numbers)]; those beyond its range are infinite."""
    try:
        return np.array(numbers, np.float64)
    except OverflowError:  # a whole number of more than 308 digits
        return np.full(len(numbers), math.inf)


def scale(shares: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """Return shares of ink 0..1 as levels uint8 of the same shape, rounded to the nearest.

    Raises:
        ProtocolError: If one is outside, or no number.
    """
    if not (shares.min() >= 0 and shares.max() <= 1):  # false for NaN, too
        raise ProtocolError(
            "'images' of FP32 holds values outside of 0..1, where 0 is paper and 1 is ink. Divide levels "
            f"by {MAX_LEVEL}, or send them as UINT8."
        )
    levels: npt.NDArray[np.uint8] = np.rint(shares * MAX_LEVEL).astype(np.uint8)
    return levels
