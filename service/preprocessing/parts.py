"""Connected parts of the ink, with what tells a digit from a speck.

mask -> runs, joined -> mass, area, box and contact with the border of each part -> the heaviest ones
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from service.preprocessing.decoding import Grey
from service.preprocessing.geometry import Box, Mask
from service.preprocessing.runs import Indices, Runs, find_runs, join_runs

MAX_PARTS = 32  # bounds the work on a picture of many dots
ELLIPSE_SPREAD = 0.06  # of its radius by which an ellipse's edge strays
ELLIPSE_ASPECT = 0.7  # of the longer side of its box that the other has
DUST_SHARE = 0.01  # of the heaviest part's ink; smaller parts are not even looked at


@dataclass(frozen=True)
class Part:
    """A connected part of the ink.

    Attributes:
        number: Its number among the parts, from 0.
        mass: Sum of its ink, in full pixels.
        area: Its pixels.
        box: Box around it.
        contact: Largest share of a side of the picture along which it touches the border.
    """

    number: int
    mass: float
    area: int
    box: Box
    contact: float

    @property
    def fill(self) -> float:
        """Share of its box that it covers."""
        return self.area / self.box.area

    @property
    def strength(self) -> float:
        """Its mean ink, from 0 to 1."""
        return self.mass / self.area


@dataclass(frozen=True)
class Parts:
    """The connected parts of a mask.

    Attributes:
        mask: bool [H, W], all of them.
        heaviest: Those that are worth a look, heaviest first; at most `MAX_PARTS`.
        runs: The runs of all parts.
        numbers: intp [R], the part of each run.
    """

    mask: Mask
    heaviest: list[Part]
    runs: Runs
    numbers: Indices

    @cached_property
    def count(self) -> int:
        """How many there are, dust included."""
        return int(self.numbers.max(initial=-1)) + 1

    def painted(self, chosen: Iterable[Part]) -> Mask:
        """Return a mask of the chosen parts alone, bool [H, W]."""
        is_chosen = np.zeros(self.count, bool)
        is_chosen[[part.number for part in chosen]] = True
        if is_chosen.all():  # as on most drawings
            return self.mask
        return self.runs.painted(is_chosen[self.numbers])

    def reaching(self, near: Mask) -> npt.NDArray[np.bool_]:
        """Tell of every part, by its number, whether it has pixels in a mask, bool [H, W]; bool [count]."""
        sums = _run_sums(self.runs, near.view(np.uint8))
        return np.bincount(self.numbers, weights=sums, minlength=self.count) > 0

    def edges(self, part: Part) -> tuple[Indices, Indices]:
        """Return where each row of a part's box begins and ends to be inked, intp [h] each."""
        of_part, box = self.numbers == part.number, part.box
        rows = self.runs.rows[of_part] - box.top
        left, right = np.full(box.height, box.right), np.full(box.height, box.left)
        np.minimum.at(left, rows, self.runs.starts[of_part])
        np.maximum.at(right, rows, self.runs.ends[of_part])
        return left, right


def is_ellipse(left: Indices, right: Indices) -> bool:
    """Tell whether the edges of a shape's rows, intp [h] each, are about those of the ellipse in its box."""
    height, width = len(left), int(right.max() - left.min())
    if min(height, width) < ELLIPSE_ASPECT * max(height, width):
        return False
    y = (2 * np.arange(height) + 1) / height - 1
    x = (np.stack([left, right]) - left.min()) * (2 / width) - 1
    return bool(np.abs(np.hypot(x, y) - 1).mean() <= ELLIPSE_SPREAD)


def find_parts(mask: Mask, ink: Grey) -> Parts:
    """Find the connected parts of the ink.

    Args:
        mask: bool [H, W], which pixels count.
        ink: uint8 [H, W], by which they are weighed.
    """
    runs = find_runs(mask)
    numbers = join_runs(runs)
    is_one = numbers.size > 0 and np.maximum.reduce(numbers) == 0  # as on most drawings
    heaviest = [_only_part(mask, runs, ink)] if is_one else _heaviest(runs, numbers, ink)
    return Parts(mask, heaviest, runs, numbers)


def _only_part(mask: Mask, runs: Runs, ink: Grey) -> Part:
    """Describe the only part of a mask, as `_heaviest` would, in a third of its time."""
    inked = ink[mask]
    left, right = np.minimum.reduce(runs.starts), np.maximum.reduce(runs.ends)
    box = Box(int(left), int(runs.rows[0]), int(right), int(runs.rows[-1]) + 1)
    contact = _contacts(runs, np.zeros_like(runs.rows))[0] if box.touches(runs.shape) else 0.0
    return Part(0, int(np.add.reduce(inked, dtype=np.intp)) / 255, inked.size, box, float(contact))


def _heaviest(runs: Runs, numbers: Indices, ink: Grey) -> list[Part]:
    """Weigh all parts and box them; describe the heaviest, heaviest first."""
    areas = np.bincount(numbers, weights=runs.lengths)
    masses = np.bincount(numbers, weights=_run_sums(runs, ink)) / 255
    sides = _box_sides(runs, numbers, len(areas))
    chosen = np.argsort(-masses, kind="stable")[:MAX_PARTS]
    chosen = chosen[masses[chosen] >= DUST_SHARE * masses[chosen[:1]]]
    columns = (chosen, *(it[chosen] for it in (masses, areas, *sides, _contacts(runs, numbers))))
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [
        Part(number, mass, int(area), Box(*box), contact)
        for number, mass, area, *box, contact in rows
    ]


def _run_sums(runs: Runs, ink: Grey) -> Indices:
    """Sum up the ink, uint8 [H, W], of each run; intp [R]."""
    sums = np.zeros(ink.size + 1, np.intp)
    np.cumsum(ink.ravel(), out=sums[1:])
    origin = runs.rows * runs.shape[1]
    of_runs: Indices = sums[origin + runs.ends] - sums[origin + runs.starts]
    return of_runs


def _box_sides(runs: Runs, numbers: Indices, count: int) -> tuple[Indices, ...]:
    """Return left, top, right and bottom of each part's box."""
    height, width = runs.shape
    left, top = np.full(count, width), np.full(count, height)
    right, bottom = np.zeros(count, np.intp), np.zeros(count, np.intp)
    np.minimum.at(left, numbers, runs.starts)
    np.minimum.at(top, numbers, runs.rows)
    np.maximum.at(right, numbers, runs.ends)
    np.maximum.at(bottom, numbers, runs.rows + 1)
    return left, top, right, bottom


def _contacts(runs: Runs, numbers: Indices) -> npt.NDArray[np.float64]:
    """Return, per part, the largest share of a side of the picture that it touches."""
    height, width = runs.shape
    if not _touch_border(runs):  # as on most drawings
        return np.zeros(numbers.max(initial=-1) + 1)
    sides = (
        np.bincount(numbers, weights=runs.lengths * (runs.rows == 0)) / width,
        np.bincount(numbers, weights=runs.lengths * (runs.rows == height - 1)) / width,
        np.bincount(numbers, weights=runs.starts == 0) / height,
        np.bincount(numbers, weights=runs.ends == width) / height,
    )
    contacts: npt.NDArray[np.float64] = np.maximum.reduce(sides)
    return contacts


def _touch_border(runs: Runs) -> bool:
    """Tell whether any run touches the border of the picture."""
    height, width = runs.shape
    return bool(
        np.minimum.reduce(runs.rows, initial=1) == 0
        or np.minimum.reduce(runs.starts, initial=1) == 0
        or np.maximum.reduce(runs.rows, initial=0) == height - 1
        or np.maximum.reduce(runs.ends, initial=0) == width
    )
