"""Mutations of valid files: what Hypothesis makes of them by a few edits."""

from collections.abc import Sequence
from typing import Literal

from hypothesis import strategies as st

MAX_EDITS = 6
MAX_NEW_BYTES = 12
ORDERS: tuple[Literal["little", "big"], ...] = ("little", "big")
# Lengths and offsets that readers stumble over: nothing, one, and the ends of signed and unsigned numbers.
NUMBERS = [
    number.to_bytes(width, order)
    for width in (1, 2, 4, 8)
    for number in (0, 1, (1 << (8 * width - 1)) - 1, 1 << (8 * width - 1), (1 << (8 * width)) - 1)
    for order in ORDERS
]


@st.composite
def mutated(draw: st.DrawFn, files: Sequence[bytes]) -> bytes:
    """Draw a file after a few edits, each of which puts other bytes in the place of a stretch.

    Args:
        draw: Hypothesis's own.
        files: What is edited.
    """
    content = draw(st.sampled_from(files))
    for _ in range(draw(st.integers(1, MAX_EDITS))):
        start = draw(st.integers(0, len(content)))
        width = draw(st.sampled_from([0, 1, 2, 4, 8, 64, len(content)]))
        stretch = content[start : start + width]
        content = content[:start] + draw(_fillings(stretch)) + content[start + width :]
    return content


def _fillings(stretch: bytes) -> st.SearchStrategy[bytes]:
    """Return what may stand in the place of a stretch: numbers, noise, or itself twice."""
    return st.one_of(
        st.sampled_from(NUMBERS), st.binary(max_size=MAX_NEW_BYTES), st.just(2 * stretch)
    )
