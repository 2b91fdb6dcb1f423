"""What is measured in which round."""

import pytest

from benchmarks.measure import LARGE_BYTES, Plan, choose_connections
from benchmarks.pictures import Picture

SMALL = Picture("small", b"", "image/png", 3)
LARGE = Picture("large", bytes(LARGE_BYTES + 1), "image/jpeg", 3)


@pytest.mark.parametrize(
    ("picture", "workers", "number", "chosen"),
    [
        (SMALL, 1, 0, [1, 16, 64]),
        (SMALL, 1, 1, [1, 16, 64]),
        (SMALL, 2, 0, [16, 64]),
        (LARGE, 1, 0, [1, 16, 64]),
        (LARGE, 1, 1, [1, 16]),
    ],
)
def test_connections(picture: Picture, workers: int, number: int, chosen: list[int]) -> None:
    """Large pictures are sent on many connections once, since that takes long; one connection leaves workers idle."""
    plan = Plan([SMALL, LARGE], (1, 16, 64), 3, 3, 20, "make bench")

    assert choose_connections(plan, picture, workers, number) == chosen
