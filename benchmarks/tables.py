"""Tables: figures as a page writes them, and Markdown's tables."""

import math
import statistics

NOTHING = "-"


def ratios(ours: dict[int, float], theirs: dict[int, float]) -> list[float]:
    """Divide their figure by ours in every round that has both."""
    return [theirs[number] / ours[number] for number in theirs if ours.get(number)]


def spread(values: list[float]) -> str:
    """Write the median, and in brackets the least and the largest where there are several."""
    if not values:
        return NOTHING
    text = digits(statistics.median(values))
    return text if len(values) == 1 else f"{text} ({digits(min(values))} to {digits(max(values))})"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Write a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def digits(value: float) -> str:
    """Write a figure with three significant digits, whole from 100 on."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.{2 if value < 10 else 1}f}" if value >= 0.1 else f"{value:.2g}"


def median(values: list[float]) -> str:
    """Write a median alone."""
    return digits(statistics.median(values)) if values else NOTHING


def percent(share: float) -> str:
    """Write a share 0..1, rounded down so that only all of them are 100 %."""
    return f"{math.floor(share * 1000) / 10:g}%"
