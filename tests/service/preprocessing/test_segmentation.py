"""Connected parts, against vectors worked out by hand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from service.preprocessing.segmentation import Box, label_parts


class TestLabelParts:
    """Numbering of connected parts."""

    def test_u_shape_is_one_part(self) -> None:
        """Arms that meet only at the bottom are one part; a diagonal touch joins too."""
        mask = np.array([[1, 0, 1, 0, 0], [1, 0, 1, 0, 0], [1, 1, 1, 0, 1], [0, 0, 0, 1, 0]], bool)

        labels = label_parts(mask)

        assert labels.tolist() == [
            [1, 0, 1, 0, 0],
            [1, 0, 1, 0, 0],
            [1, 1, 1, 0, 1],
            [0, 0, 0, 1, 0],
        ]

    def test_two_parts(self) -> None:
        """Parts with a gap get different numbers, in reading order."""
        mask = np.array([[1, 0, 0, 1], [1, 0, 0, 1]], bool)

        assert label_parts(mask).tolist() == [[1, 0, 0, 2], [1, 0, 0, 2]]

    @given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
    def test_neighbours_agree(self, mask: "np.typing.NDArray[np.bool_]") -> None:
        """Neighbours in the mask share a number, and only the mask is numbered."""
        labels = label_parts(mask)

        assert ((labels > 0) == mask).all()
        for first, second in (
            (labels[1:], labels[:-1]),
            (labels[:, 1:], labels[:, :-1]),
            (labels[1:, 1:], labels[:-1, :-1]),
        ):
            both = (first > 0) & (second > 0)
            assert (first[both] == second[both]).all()


class TestBox:
    """Rectangles of pixels."""

    def test_around(self) -> None:
        """The box is tight; right and bottom lie outside."""
        mask = np.zeros((5, 6), bool)
        mask[1:3, 2:5] = True

        assert Box.around(mask) == Box(2, 1, 5, 3)

    def test_gap(self) -> None:
        """The gap is the distance along the farther axis."""
        assert Box(0, 0, 2, 2).gap_to(Box(5, 1, 6, 3)) == 3
        assert Box(0, 0, 4, 4).gap_to(Box(2, 2, 6, 6)) == 0
