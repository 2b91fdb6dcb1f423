"""The table of several workers."""

from dataclasses import replace

from benchmarks.results import Comparison
from benchmarks.workers import render
from tests.benchmarks.comparisons import RAW, make_comparison, make_run


def test_ratio_is_to_the_same_contender_with_one_worker() -> None:
    """Requests and CPU time of the same round are divided."""
    comparison = make_comparison()
    ours = comparison.contenders[0]
    two = replace(ours, name="digitserve, 2 workers", workers=2, runs=[make_run(0, RAW, 1600)])

    page = render(replace(comparison, contenders=[ours, two]))

    assert (
        "| digitserve, 2 workers | 28x28 PNG, raw | 16 | 1,600 | 1.60 | 0.62 | 0.62 | 1.00 | 1.00 |"
        in page
    )


def test_no_contender_with_several_workers() -> None:
    """There is no section; one whose single worker was not measured has no line."""
    comparison: Comparison = make_comparison()

    assert render(comparison) == ""
