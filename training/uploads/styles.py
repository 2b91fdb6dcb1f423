"""Styles: the strokes of every way of writing a digit that is drawn.

A style is a function of a random generator, so that the lengths and curves that writers differ in
differ here. Points lie in a box of side 1, x to the right and y down; a point named twice is a corner.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from training.uploads.curves import Stroke, arc, corner
from training.uploads.scene import Rng, chance, uniform


@dataclass(frozen=True)
class Style:
    """One way of writing a digit.

    Attributes:
        name: What tells it from the digit's other styles.
        weight: How often it is drawn, against the digit's other styles.
        draw: Gives the strokes.
    """

    name: str
    weight: float
    draw: Callable[[Rng], list[Stroke]]


def zero(rng: Rng) -> list[Stroke]:
    """An oval that closes nearly, exactly or with an overlap."""
    start = uniform(rng, -130, -50)
    return [arc((0.5, 0.5), (uniform(rng, 0.38, 0.55), 0.5), start, start + uniform(rng, 345, 385))]


def slashed_zero(rng: Rng) -> list[Stroke]:
    """An oval with a slash through it."""
    reach = uniform(rng, 0.18, 0.42)
    return [*zero(rng), [(0.5 + reach, 0.5 - reach), (0.5 - reach, 0.5 + reach)]]


def dotted_zero(rng: Rng) -> list[Stroke]:
    """An oval with a dot in it."""
    return [arc((0.5, 0.5), (0.55, 0.5), -90, 275), [(0.5, 0.48), (0.5, uniform(rng, 0.5, 0.55))]]


def bar_one(rng: Rng) -> list[Stroke]:
    """A bar, straight or nearly so."""
    lean = uniform(rng, -0.08, 0.12)
    return [[(0.5 + lean, 0), (0.5 + uniform(rng, -0.03, 0.03), 0.5), (0.5 - lean, 1)]]


def flagged_one(rng: Rng) -> list[Stroke]:
    """A European 1: its flag falls steeply to the left, so that it is no 7."""
    fall = uniform(rng, 0.18, 0.62)
    reach = fall * uniform(rng, 0.7, 1.8)
    flag = [(0.6 - reach, fall), (0.6, 0.0)]
    return [corner(flag[0], flag[1], (0.6 + uniform(rng, -0.08, 0.04), 1))]


def footed_one(rng: Rng) -> list[Stroke]:
    """A 1 with a foot, and mostly a flag."""
    is_flagged = chance(rng, 0.75)
    upper = flagged_one(rng) if is_flagged else [[(0.58, 0), (0.58, 1)]]
    foot = uniform(rng, 0.2, 0.75 if is_flagged else 0.45)
    return [*upper, [(0.58 - foot, 1), (0.58 + foot * uniform(rng, 0.7, 1.1), 0.99)]]


def two(rng: Rng) -> list[Stroke]:
    """An arch, a slope and a straight base."""
    arch = arc((0.5, 0.28), (0.42, 0.28), uniform(rng, -190, -150), 25, 7)
    return [[*arch, (0.6, 0.68), (0.05, 0.98), (0.05, 0.98), (0.98, uniform(rng, 0.92, 1.02))]]


def looped_two(rng: Rng) -> list[Stroke]:
    """An arch whose slope turns in a loop into a wavy base."""
    arch = arc((0.5, 0.26), (0.4, 0.26), uniform(rng, -190, -150), 20, 6)
    width = uniform(rng, 0.08, 0.16)
    loop = [(0.55, 0.68), (0.22, 0.95), (0.22 - width, 0.9), (0.2, 0.78), (0.45, 0.88)]
    return [[*arch, *loop, (0.72, 1.0), (1.0, uniform(rng, 0.82, 0.95))]]


def three(rng: Rng) -> list[Stroke]:
    """Two arcs that meet in a notch."""
    upper = arc((0.45, 0.25), (0.4, 0.25), uniform(rng, -190, -140), 70, 6)
    lower = arc((0.42, 0.73), (0.5, 0.27), -70, uniform(rng, 130, 180), 7)
    notch = (uniform(rng, 0.3, 0.45), 0.47)
    return [[*upper, notch, notch, *lower]]


def flat_three(rng: Rng) -> list[Stroke]:
    """A flat top, a slope back and one large arc."""
    middle = (uniform(rng, 0.3, 0.45), uniform(rng, 0.36, 0.44))
    lower = arc((0.4, 0.7), (0.5, 0.3), -55, uniform(rng, 130, 170), 7)
    return [[*corner((0.08, 0.02), (0.85, 0.0), middle), middle, *lower]]


def closed_four(rng: Rng) -> list[Stroke]:
    """A triangle and a stem, in one stroke or two."""
    stem = uniform(rng, 0.62, 0.75)
    level = uniform(rng, 0.58, 0.72)
    return [corner((stem, 0), (0.03, level), (1.0, level)), [(stem, 0), (stem - 0.02, 1)]]


def open_four(rng: Rng) -> list[Stroke]:
    """An open top: a corner of two strokes, and a stem that crosses."""
    level = uniform(rng, 0.5, 0.68)
    stem = uniform(rng, 0.62, 0.8)
    left = (uniform(rng, 0.15, 0.4), 0.0)
    top = uniform(rng, 0.0, 0.35)
    return [corner(left, (0.05, level), (1.0, level - 0.02)), [(stem, top), (stem - 0.04, 1)]]


def round_four(rng: Rng) -> list[Stroke]:
    """A cup and a stem, as in a y with a straight tail."""
    level = uniform(rng, 0.48, 0.6)
    cup = [(0.12, 0.0), (0.1, level * 0.6), (0.25, level), (0.6, level), (0.85, level * 0.85)]
    return [cup, [(0.87, uniform(rng, -0.02, 0.1)), (0.85, 0.5), (uniform(rng, 0.75, 0.88), 1)]]


def five(rng: Rng) -> list[Stroke]:
    """Bar, stem and bowl in one stroke."""
    shoulder = (0.12, uniform(rng, 0.42, 0.5))
    bowl = arc((0.42, 0.68), (0.5, 0.32), -85, uniform(rng, 120, 165), 7)
    return [[*corner((0.9, 0.0), (0.2, 0.02), shoulder), shoulder, *bowl]]


def barred_five(rng: Rng) -> list[Stroke]:
    """Stem and bowl, and a bar of its own that may not touch them."""
    gap = uniform(rng, -0.04, 0.1)
    lift = uniform(rng, 0.0, 0.08)
    shoulder = (0.12, 0.45)
    bowl = arc((0.42, 0.68), (0.5, 0.32), -85, uniform(rng, 120, 165), 7)
    bar: Stroke = [(0.22 + gap, 0.0), (uniform(rng, 0.8, 1.05), -lift)]
    return [[(0.2, 0.03), shoulder, shoulder, *bowl], bar]


def six(rng: Rng) -> list[Stroke]:
    """A curve down into a loop of any size."""
    radius = uniform(rng, 0.17, 0.3)
    loop = arc((0.45, 1 - radius), (radius * 1.45, radius), 190, -170, 10)
    start = (uniform(rng, 0.5, 0.85), 0.0)
    return [[start, (0.25, 0.35), (0.45 - radius * 1.45, 0.72), *loop[1:]]]


def straight_six(rng: Rng) -> list[Stroke]:
    """A straight stem and a small loop."""
    radius = uniform(rng, 0.15, 0.22)
    centre = (0.3 + radius, 1 - radius)
    loop = arc(centre, (radius * 1.5, radius), 130, -200, 9)
    left = centre[0] - radius * 1.5
    return [[(left + uniform(rng, 0.0, 0.35), 0.0), (left, 0.6), (left + 0.05, 0.88), *loop]]


def seven(rng: Rng) -> list[Stroke]:
    """A bar and a stem, straight or bent; the bar is level or nearly so."""
    foot = (uniform(rng, 0.25, 0.5), 1.0)
    knee = (uniform(rng, 0.58, 0.68), 0.45)
    head = corner((0.03, uniform(rng, -0.02, 0.05)), (0.95, 0.0), knee)
    return [[*head, foot] if chance(rng, 0.5) else corner(head[0], head[1], foot)]


def crossed_seven(rng: Rng) -> list[Stroke]:
    """A 7 with a bar through its stem."""
    level = uniform(rng, 0.42, 0.56)
    half = uniform(rng, 0.16, 0.34)
    tilt = uniform(rng, -0.04, 0.04)
    return [*seven(rng), [(0.6 - half, level + tilt), (0.6 + half, level - tilt)]]


def serif_seven(rng: Rng) -> list[Stroke]:
    """A 7 whose bar begins with a short downward stroke, crossed or not."""
    drop = uniform(rng, 0.08, 0.2)
    strokes: list[Stroke] = [corner((0.03, drop), (0.05, 0.0), (0.97, 0.0), (0.4, 1.0))]
    return [*strokes, [(0.42, 0.5), (0.85, 0.48)]] if chance(rng, 0.5) else strokes


def eight(rng: Rng) -> list[Stroke]:
    """One line that crosses itself."""
    upper, lower = uniform(rng, 0.26, 0.36), uniform(rng, 0.38, 0.48)
    first = [(0.75, 0.12), (0.5, 0.0), (0.5 - upper, 0.16), (0.32, 0.36), (0.6, 0.52)]
    second = [(0.5 + lower, 0.76), (0.5, 1.0), (0.5 - lower, 0.78), (0.38, 0.54), (0.72, 0.3)]
    return [[*first, *second, (0.78, uniform(rng, 0.08, 0.16))]]


def stacked_eight(rng: Rng) -> list[Stroke]:
    """Two circles, one on the other."""
    upper = uniform(rng, 0.2, 0.26)
    lower = 0.5 - upper
    middle = 2 * upper
    return [
        arc((0.5, upper), (upper * 1.4, upper), 80, 445, 11),
        arc((0.5, middle + lower), (lower * 1.5, lower), -90, 275, 11),
    ]


def nine(rng: Rng) -> list[Stroke]:
    """A loop and a straight tail."""
    radius = uniform(rng, 0.2, 0.28)
    loop = arc((0.48, radius), (radius * 1.5, radius), -20, -350, 10)
    right = 0.48 + radius * 1.5
    return [[*loop, (right, 0.1), (right, 0.1), (uniform(rng, 0.6, 0.9), 1.0)]]


def curled_nine(rng: Rng) -> list[Stroke]:
    """A loop and a tail that curls far to the left, as far as a g's."""
    radius = uniform(rng, 0.2, 0.27)
    gap = uniform(rng, 0, 45)  # degrees by which the loop stays open, at its upper right
    loop = arc((0.5, radius), (radius * 1.5, radius), -20 - gap, -345, 10)
    right = 0.5 + radius * 1.5
    curl = [(right, 0.6), (uniform(rng, 0.5, 0.7), 0.97), (0.25, 0.98)]
    hook = [(uniform(rng, -0.08, 0.1), uniform(rng, 0.72, 0.92))] if chance(rng, 0.7) else []
    return [[*loop, (right, 0.12), (right, 0.12), *curl, *hook]]


def open_nine(rng: Rng) -> list[Stroke]:
    """A loop that does not close, and a tail."""
    bowl = arc((0.48, 0.25), (0.4, 0.25), uniform(rng, -60, -30), -320, 9)
    return [[*bowl, (0.86, 0.12)], [(0.88, 0.02), (0.86, 0.5), (uniform(rng, 0.6, 0.85), 1)]]


STYLES: Mapping[int, tuple[Style, ...]] = {
    0: (
        Style("plain", 7, zero),
        Style("slashed", 2, slashed_zero),
        Style("dotted", 1, dotted_zero),
    ),
    1: (
        Style("bar", 2, bar_one),
        Style("flagged", 4, flagged_one),
        Style("footed", 4, footed_one),
    ),
    2: (Style("plain", 6, two), Style("looped", 4, looped_two)),
    3: (Style("round", 6, three), Style("flat-topped", 4, flat_three)),
    4: (
        Style("closed", 4, closed_four),
        Style("open", 4, open_four),
        Style("round", 2, round_four),
    ),
    5: (Style("plain", 5, five), Style("detached-bar", 5, barred_five)),
    6: (Style("plain", 6, six), Style("straight", 4, straight_six)),
    7: (
        Style("plain", 4, seven),
        Style("crossed", 4, crossed_seven),
        Style("serif", 2, serif_seven),
    ),
    8: (Style("crossing", 6, eight), Style("stacked", 4, stacked_eight)),
    9: (
        Style("straight", 4, nine),
        Style("curled", 4, curled_nine),
        Style("open", 2, open_nine),
    ),
}
