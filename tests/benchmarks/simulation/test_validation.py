"""The comparison with real replicas."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.simulation.balancer import BalancerSettings
from benchmarks.simulation.comparisons import (
    Comparison,
    Figures,
    group,
    medians,
    read_validation,
    render,
    write_validation,
)
from benchmarks.simulation.parameters import Timing, read_parameters
from benchmarks.simulation.replica import Bounds
from benchmarks.simulation.validation import REPLICAS, Case, list_cases, predict

TIMING = Timing((0.01, 0.01), overhead_s=0.001)
CASE = Case(
    "slowed",
    2,
    0.0,
    connections=4,
    timing=TIMING,
    bounds=Bounds(8),
    balancer=BalancerSettings(),
    seconds=5,
    seed=1,
)
MEASURED = Figures(100.0, 10.0, 20.0, 0.5)


def test_loads() -> None:
    """First as much as they can do, then shares of what the timing says that they can."""
    parameters = replace(read_parameters(), slowed=TIMING)

    cases = list(list_cases("slowed", 2, parameters, 5, 1))

    assert [case.load for case in cases] == [0.0, 0.5, 0.7, 2.0]
    assert cases[1].rate == pytest.approx(100)
    assert cases[1].num_due == 500


class TestPredict:
    """`predict`."""

    def test_closed_loop(self) -> None:
        """Two clients a replica get what the replicas can do."""
        assert predict(CASE).answered_per_s == pytest.approx(200, rel=0.01)

    def test_overload(self) -> None:
        """Twice as much as can be done: half is refused, and who is answered has waited behind a full queue."""
        figures = predict(replace(CASE, load=2.0))

        assert figures.refused == pytest.approx(0.5, abs=0.05)
        assert figures.p99_ms == pytest.approx(81, abs=2)

    def test_same_moments(self) -> None:
        """The seed gives the moments at which requests come."""
        case = replace(CASE, load=0.7)

        assert predict(case) == predict(case) != predict(replace(case, seed=2))


def test_results_are_read_as_written(tmp_path: Path) -> None:
    """Results come back with where they come from."""
    comparisons = [Comparison("slowed", 2, 0.5, MEASURED, MEASURED)]

    write_validation(comparisons, tmp_path / "validation.json")
    source, read = read_validation(tmp_path / "validation.json")

    assert read == comparisons
    assert "python -m benchmarks.simulation validate" in source


def test_table() -> None:
    """Each case has one row, with the medians over its rounds: measured, then predicted."""
    comparisons = [
        Comparison("slowed", 2, load, replace(MEASURED, p50_ms=p50_ms), MEASURED)
        for load in (0.0, 0.5)
        for p50_ms in (11.0, 12.0, 90.0)
    ]

    lines = render(comparisons).splitlines()

    assert len(lines) == 4
    assert lines[2] == (
        "| slowed | 2 | closed loop | 100 / 100 | 12.0 / 10.0 | 20.0 / 20.0 | 50.0% / 50.0% |"
    )


@pytest.mark.parametrize(
    ("rounds", "said"), [(1, "Medians of 1 round."), (3, "Medians of 3 rounds.")]
)
def test_rounds(rounds: int, said: str, tmp_path: Path) -> None:
    """It is told how often each case was compared."""
    comparisons = [
        Comparison("slowed", 2, load, MEASURED, MEASURED)
        for _ in range(rounds)
        for load in (0.0, 0.5)
    ]

    write_validation(comparisons, tmp_path / "validation.json")

    assert read_validation(tmp_path / "validation.json")[0].startswith(said)


def test_published_predictions_hold() -> None:
    """Of what the page compares, predicted answers a second are within a sixth of those measured."""
    _, comparisons = read_validation()

    assert {(run.engine, run.replicas) for run in comparisons} == {
        *(("slowed", number) for number in REPLICAS),
        ("real", 1),
    }
    for run in comparisons:
        assert run.predicted.answered_per_s == pytest.approx(run.measured.answered_per_s, rel=1 / 6)


def test_published_tails_hold() -> None:
    """The predicted 99th percentiles are as near to those measured as the page says, over all rounds of a case."""
    _, comparisons = read_validation()

    for (engine, _, load), runs in group(comparisons).items():
        measured, predicted = medians(runs, "p99_ms")
        if engine == "slowed":
            assert predicted == pytest.approx(measured, rel=0.3)
        elif load == 0.7:
            assert measured / 5 < predicted < measured
        else:
            assert predicted == pytest.approx(measured, rel=0.5, abs=2)
