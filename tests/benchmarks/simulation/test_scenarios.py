"""The scenarios, and the page that tells of them."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.errors import BenchmarkError
from benchmarks.simulation.draws import Constant
from benchmarks.simulation.figure import draw_crowd
from benchmarks.simulation.fleet import simulate
from benchmarks.simulation.page import put
from benchmarks.simulation.parameters import read_parameters
from benchmarks.simulation.scenarios import (
    PATH,
    PHOTO,
    SMALL,
    make_plan,
    read_scenarios,
    summarise,
    write_scenarios,
)


def test_load() -> None:
    """A plan offers the share of what its workers can do that it was asked for."""
    plan = make_plan(read_parameters(), PHOTO, 4, 0.5)

    assert plan.rates[0][1] * plan.service.mean_s == pytest.approx(2.0)


def test_forms() -> None:
    """A larger upload keeps a worker busy in the same form, for as much longer as its CPU time says."""
    parameters = read_parameters()
    small, photo = (make_plan(parameters, upload, 4, 0.5).service for upload in (SMALL, PHOTO))
    ratio = parameters.costs[PHOTO].cpu_us / parameters.costs[SMALL].cpu_us

    assert photo.mean_s / small.mean_s == pytest.approx(ratio)


def test_summary() -> None:
    """Requests that are refused count as not answered in time."""
    plan = make_plan(read_parameters(), SMALL, 1, 2.0)
    plan = replace(plan, service=Constant(0.1), rates=((0, 20),), warm_up_s=5, seconds=5)
    plan = replace(plan, bounds=replace(plan.bounds, max_waiting=1))

    result = summarise("crowd", {}, simulate(plan), with_points=True)

    assert result.answered_per_s == pytest.approx(
        20 / 3, rel=0.25
    )  # Erlang, one place and a load of two
    assert result.soon == 0
    assert result.p99_ms == pytest.approx(100, rel=0.05)
    assert [point.soon for point in result.points[:5]] == [0] * 5


def test_results_are_read_as_written(tmp_path: Path) -> None:
    """The page's results come back as they were."""
    write_scenarios(read_scenarios(), tmp_path / "copy.json")

    assert (tmp_path / "copy.json").read_bytes() == PATH.read_bytes()


def test_lost_mark() -> None:
    """A page without the marks of a table is refused, with the marks that it needs."""
    assert put("a<!-- begin: x -->b<!-- end: x -->c", "x", "y") == (
        "a<!-- begin: x -->\ny\n<!-- end: x -->c"
    )
    with pytest.raises(BenchmarkError, match="begin: x"):
        put("nothing", "x", "y")


def test_figure(tmp_path: Path) -> None:
    """A crowd is drawn as a picture of the size that the page shows."""
    crowds = [result for result in read_scenarios() if result.study == "crowd"]

    draw_crowd(crowds, tmp_path / "crowd.png")

    with Image.open(tmp_path / "crowd.png") as picture:
        assert picture.size == (770, 462)
        assert len(picture.convert("RGB").getcolors(10**6) or []) > 100  # more than an empty frame
