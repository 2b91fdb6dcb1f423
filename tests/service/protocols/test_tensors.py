"""Numbers of a request to canonical digits."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import ProtocolError
from service.protocols.tensors import (
    count_digits,
    levels_of,
    read_numbers,
    scale,
    shares_of,
    unnest,
)


class TestCountDigits:
    """`count_digits`."""

    @pytest.mark.parametrize("shape", [[3, 28, 28], (3, 28, 28, 1)])
    def test_shapes(self, shape: Any) -> None:
        """A channel is allowed, and means nothing."""
        assert count_digits(shape, max_images=3) == 3

    @pytest.mark.parametrize(
        "shape", [(3,), (28, 28), (3, 28, 27), (3, 28, 28, 3), (3, 28, 28, 1, 1), (4, 28, 28)]
    )
    def test_wrong_shapes(self, shape: Any) -> None:
        """Other shapes, and too many digits, are refused."""
        with pytest.raises(ProtocolError):
            count_digits(shape, max_images=3)

    def test_no_digits(self) -> None:
        """None at all are refused."""
        with pytest.raises(ProtocolError, match="0 images"):
            count_digits((0, 28, 28), max_images=3)


class TestUnnest:
    """`unnest`."""

    def test_regular(self) -> None:
        """Values come in order, with the shape of the nesting."""
        assert unnest([[[1], [2]], [[3], [4]], [[5], [6]]]) == ([1, 2, 3, 4, 5, 6], (3, 2, 1))

    @pytest.mark.parametrize("data", [[[1], [2, 3]], [[1], 2], [[1], [[2]]], "text", None, 1])
    def test_irregular(self, data: Any) -> None:
        """Arrays that differ in length or depth are refused, and what is no array."""
        with pytest.raises(ProtocolError):
            read_numbers(unnest(data)[0], 1)

    def test_deep(self) -> None:
        """More dimensions than mean anything are refused."""
        data: Any = [1]
        for _ in range(20):
            data = [data]

        with pytest.raises(ProtocolError):
            unnest(data)


class TestNumbers:
    """Numbers of JSON."""

    @pytest.mark.parametrize("values", [["1"], [None], [True, 1], [{}]])
    def test_something_else(self, values: Any) -> None:
        """Texts, null and truth values are no numbers."""
        with pytest.raises(ProtocolError):
            read_numbers(values * 784, 1)

    @pytest.mark.parametrize("numbers", [[-1], [256], [1.0], [10**400]])
    def test_no_levels(self, numbers: Any) -> None:
        """Levels are whole numbers 0..255."""
        with pytest.raises(ProtocolError):
            levels_of(numbers)

    @pytest.mark.parametrize("numbers", [[1.01], [2], [-0.01], [math.nan], [math.inf], [10**400]])
    def test_no_shares(self, numbers: Any) -> None:
        """Shares of ink lie in 0..1."""
        with pytest.raises(ProtocolError, match=r"0\.\.1"):
            scale(shares_of(numbers))

    @given(st.lists(st.integers(0, 255), min_size=1))
    def test_levels_and_shares_agree(self, levels: list[int]) -> None:
        """A level divided by 255 means that level again, in 32 bits too."""
        shares = np.array(levels, np.uint8) / np.float32(255)

        assert scale(shares).tolist() == levels_of(levels).tolist() == levels

    def test_wrong_number(self) -> None:
        """Another number of values than the digits have is refused."""
        with pytest.raises(ProtocolError, match="783 values"):
            read_numbers([0] * 783, 1)
