"""The figure of docs/scale.md: a crowd, second by second."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.catalogue import ROOT
from benchmarks.simulation.scenarios import CROWD_AT_S, GOAL_S, Result

PATH = ROOT / "docs" / "images" / "crowd.png"
SIZE_INCHES = (7.0, 4.2)
DOTS_PER_INCH = 110
LOAD = 0.6  # before the crowd, of the results that are drawn
SHOWN = (
    (2, 128, 8),
    (2, 8, 8),
    (2, 8, 2),
    (8, 8, 1),
    (16, 8, 1),
)  # their replicas, room and target


def draw_crowd(results: list[Result], path: Path = PATH) -> None:
    """Draw the share of requests that are answered in time, and the replicas, under each of the settings.

    Args:
        results: Of the study `crowd`.
        path: The PNG to write.
    """
    figure = Figure(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH, layout="constrained")
    soon, replicas = figure.subplots(2, sharex=True, height_ratios=(3, 2))
    for result in results:
        settings = result.settings
        shown = tuple(settings[name] for name in ("standing", "max_waiting", "target"))
        if settings["load"] == LOAD and settings["attempts"] == 1 and shown in SHOWN:
            _add(soon, replicas, result)
    soon.set_ylabel(f"answered within {GOAL_S * 1000:.0f} ms, %")
    soon.legend(loc="center right", fontsize="small")
    replicas.set_ylabel("replicas")
    replicas.set_xlabel("seconds since ten times as many requests come")
    for axes in (soon, replicas):
        axes.grid(alpha=0.3)
    figure.savefig(path, metadata={"Software": None})


def _add(soon: Axes, replicas: Axes, result: Result) -> None:
    """Add one result to both axes."""
    points = [point for point in result.points if point.at_s < result.points[-1].at_s]
    times_s = [point.at_s - CROWD_AT_S for point in points]
    names = ("standing", "max_waiting", "target")
    standing, room, target = (f"{result.settings[name]:g}" for name in names)
    label = f"{standing} before, at most {room} wait, target {target}"
    soon.plot(times_s, [point.soon * 100 for point in points], label=label)
    replicas.step(times_s, [point.replicas for point in points], where="post", label=label)
