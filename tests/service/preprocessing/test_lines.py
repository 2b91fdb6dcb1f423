"""Rules, and boxes drawn around a digit."""

import numpy as np
import pytest

from service.preprocessing.geometry import Box, Mask
from service.preprocessing.lines import erase_rules, erase_underline, inside_of_box


@pytest.fixture
def digit() -> Mask:
    """A fat cross-free digit: a slanted bar of 8 pixels."""
    mask = np.zeros((100, 100), bool)
    for row in range(20, 80):
        mask[row, 20 + row // 2 : 28 + row // 2] = True
    return mask


@pytest.mark.parametrize("rules", [[30, 60], [50]])
@pytest.mark.parametrize("is_upright", [False, True])
def test_rules_are_erased(digit: Mask, rules: list[int], is_upright: bool) -> None:
    """Rules go, along rows and columns, and the strokes that cross them stay."""
    ruled = digit.T.copy() if is_upright else digit.copy()
    ruled[rules] = True

    erased = erase_rules(ruled.T if is_upright else ruled)

    assert erased is not None
    assert (erased == digit).mean() > 0.998


@pytest.mark.parametrize("is_upright", [False, True])
def test_dividers_of_boxes(digit: Mask, is_upright: bool) -> None:
    """Between two rules the lines that part boxes go too, in a row and in a column of them."""
    boxed = digit.T.copy() if is_upright else digit.copy()
    boxed[[12, 13, 86, 87]] = True
    boxed[12:88, [14, 15, 84, 85]] = True

    erased = erase_rules(boxed.T if is_upright else boxed)

    assert erased is not None
    assert (erased == digit).mean() > 0.998


def test_strokes_across_rules_are_no_dividers() -> None:
    """Strokes from rule to rule that go on beyond stay, as the sides of an eight do."""
    eight = np.zeros((100, 100), bool)
    eight[20:80, 30:70] = True
    eight[26:74, 36:64] = False
    eight[48:52, 36:64] = True
    ruled = eight.copy()
    ruled[[40, 60]] = True

    erased = erase_rules(ruled)

    assert erased is not None
    assert (erased == eight).mean() > 0.99


def test_slanted_rule(digit: Mask) -> None:
    """A rule that drops by a pixel across the picture goes."""
    ruled = digit.copy()
    ruled[90 + np.arange(100) // 50, np.arange(100)] = True

    erased = erase_rules(ruled)

    assert erased is not None
    assert not erased[85:].any()


@pytest.mark.parametrize(
    ("rows", "columns"),
    [((40, 46), (0, 100)), ((40, 50), (0, 100)), ((40, 42), (0, 80))],
    ids=["bar as thick as the digit", "block", "short line"],
)
def test_no_rule(digit: Mask, rows: tuple[int, int], columns: tuple[int, int]) -> None:
    """What is as thick as a stroke, or ends within the picture, is no rule."""
    digit[slice(*rows), slice(*columns)] = True

    assert erase_rules(digit) is None


def test_a_diagonal_is_no_rule(digit: Mask) -> None:
    """A fine line from corner to corner slants too much for a rule."""
    np.fill_diagonal(digit, val=True)

    assert erase_rules(digit) is None


def test_nothing_but_a_rule() -> None:
    """A rule on blank paper is not erased: it is all there is."""
    mask = np.zeros((60, 60), bool)
    mask[30] = True

    assert erase_rules(mask) is None


@pytest.mark.parametrize(
    ("open_side", "inside"),
    [(None, Box(3, 3, 57, 47)), ("bottom", Box(3, 3, 57, 50))],
)
def test_inside(open_side: str | None, inside: Box) -> None:
    """A box of lines of 2 pixels has its inside a pixel further in; one side may be open."""
    box = np.ones((50, 60), bool)
    box[2 : 50 if open_side else 48, 2:58] = False

    assert inside_of_box(box) == inside


def test_no_box() -> None:
    """A zero has no corners, and two sides with three corners are no box."""
    y, x = np.mgrid[-1:1:50j, -1:1:50j]
    angle = np.zeros((50, 50), bool)
    angle[:, :2] = angle[-2:] = True

    assert inside_of_box(abs(np.hypot(x, y) - 0.9) < 0.1) is None
    assert inside_of_box(angle) is None


def test_strip() -> None:
    """In a strip, rules along it go, and a digit from top to bottom stays."""
    mask = np.zeros((30, 100), bool)
    mask[25:27] = mask[:, 50:54] = True

    erased = erase_rules(mask, across_only=True)

    assert erased is not None
    assert (erased.sum(axis=0)[[10, 90]] == 0).all()
    assert erased[:20, 50:54].all()


def _on_line(left: int, right: int, *, at: int = 56) -> Mask:
    """Draw a bar of 60 pixels, and a line of that extent across it, cut to both."""
    mask = np.zeros((60, 100), bool)
    mask[:, 46:54] = True
    mask[at : at + 3, left:right] = True
    columns = np.flatnonzero(mask.any(axis=0))
    return mask[:, columns[0] : columns[-1] + 1]


def test_underline() -> None:
    """A line below a digit, longer than it on both sides, goes; the digit stays."""
    mask = _on_line(10, 90)

    rest = erase_underline(mask)

    assert rest is not None
    assert not rest[:, :30].any()
    assert rest[:56, 36:44].all()


@pytest.mark.parametrize(
    "mask",
    [_on_line(20, 75), _on_line(10, 90, at=30), _on_line(46, 100), np.ones((20, 60), bool)],
    ids=["a base", "a bar through the middle", "to one side", "nothing but a bar"],
)
def test_no_underline(mask: Mask) -> None:
    """The base of a one, the bar of a four and the foot of a two stay."""
    assert erase_underline(mask) is None
