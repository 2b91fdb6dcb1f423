"""The table of a constant rate, and the figures in it."""

from dataclasses import replace

import pytest

from benchmarks.constant_rate import percentile, render, summarise
from benchmarks.open_loop import Tally
from benchmarks.results import Comparison, RateRun
from tests.benchmarks.comparisons import make_comparison


def make_rated(*, keeps_up: bool = True) -> Comparison:
    """Make a comparison with two contenders at the constant rate; the second may not keep up."""
    comparison = make_comparison()
    ours, theirs, absent = comparison.contenders
    ours = replace(ours, rates=[RateRun(0, "multipart", 300.0, True, 1.0, 2.0, 4.0)])
    theirs = replace(theirs, rates=[RateRun(0, "multipart", 120.0, keeps_up, 0.25, 6.0, 40.0)])
    return replace(comparison, contenders=[ours, theirs, absent])


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([3.0, 1.0, 2.0], 0.5, 2.0), ([1.0, 2.0], 0.5, 1.0), ([1.0, 2.0], 0.99, 2.0), ([5.0], 0, 5.0)],
)
def test_percentile_is_one_of_the_values(
    values: list[float], share: float, expected: float
) -> None:
    """The nearest rank, from the least to the largest."""
    assert percentile(values, share) == expected


class TestSummarise:
    """`summarise`."""

    def test_shares_are_of_all_requests(self) -> None:
        """A failed request was not answered soon; 50 ms still are soon."""
        tally = Tally(due=4, answered_in_run=3, failed=1, latencies_ms=[10.0, 50.0, 51.0])

        run = summarise(tally, "raw", seconds=2, number=1)

        assert run == RateRun(1, "raw", 1.5, False, 0.5, 50.0, 51.0)

    def test_keeps_up_with_nine_tenths(self) -> None:
        """The last few are on their way when the last is due."""
        tally = Tally(due=10, answered_in_run=9, latencies_ms=[1.0] * 10)

        assert summarise(tally, "raw", seconds=1, number=0).keeps_up

    def test_no_answers(self) -> None:
        """There is no latency, and no failure of ours."""
        run = summarise(Tally(due=10, failed=10), "raw", seconds=1, number=0)

        assert (run.keeps_up, run.soon, run.p50_ms) == (False, 0.0, 0.0)


class TestRender:
    """`render`."""

    def test_latencies_and_ratios(self) -> None:
        """Each beside ours of the same round and form."""
        page = render(make_rated())

        assert "| digitserve | multipart | 2.00 | 1.00 | 4.00 | 1.00 | 100% |" in page
        assert "| peer | multipart | 6.00 | 3.00 | 40.0 | 10.0 | 25% |" in page

    def test_latencies_of_an_overloaded_server_are_left_out(self) -> None:
        """It is shown as such, with what it answers."""
        row = "| peer (does not keep up: 120 a second) | multipart | - | - | - | - | 25% |"

        assert row in render(make_rated(keeps_up=False))

    def test_no_ratio_to_our_overloaded_rounds(self) -> None:
        """What the service answers late is no measure for others."""
        comparison = make_rated()
        ours = comparison.contenders[0]
        late = replace(ours, rates=[replace(ours.rates[0], keeps_up=False)])

        page = render(replace(comparison, contenders=[late, *comparison.contenders[1:]]))

        assert "| digitserve (does not keep up: 300 a second) | multipart | - |" in page
        assert "| peer | multipart | 6.00 | - | 40.0 | - | 25% |" in page

    def test_nothing_measured(self) -> None:
        """There is no section."""
        assert render(make_comparison()) == ""
