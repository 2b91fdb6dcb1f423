"""What the parameters are made of."""

from pathlib import Path

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.simulation.measuring import _is_whole, _take_cpu_time, take_quantiles
from benchmarks.simulation.parameters import (
    PATH,
    Timing,
    read_parameters,
    write_parameters,
)


def test_quantiles() -> None:
    """They go from the least to the largest, in equal steps."""
    quantiles = take_quantiles([float(number) for number in range(101)])

    assert quantiles == pytest.approx([float(number) for number in range(101)])


@pytest.mark.parametrize(
    ("answer", "is_whole"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", False),
    ],
)
def test_answers_are_read_whole(answer: bytes, is_whole: bool) -> None:
    """An answer is whole when its body is as long as its head says."""
    assert _is_whole(answer) == is_whole


def test_cpu_time_is_the_mean() -> None:
    """A worker is busy for the CPU time; what a client waits for in the middle stays the same."""
    timing = Timing((0.001, 0.002, 0.003), overhead_s=0.0015)

    stretched = _take_cpu_time(timing, 0.003)

    assert stretched.distribution.mean_s == pytest.approx(0.003)
    assert stretched.quantiles_s[1] + stretched.overhead_s == pytest.approx(0.0035)


class TestParameters:
    """`read_parameters` and `write_parameters`."""

    def test_are_read_as_written(self, tmp_path: Path) -> None:
        """Those of the page come back as they were."""
        parameters = read_parameters()

        write_parameters(parameters, tmp_path / "copy.json")

        assert (tmp_path / "copy.json").read_bytes() == PATH.read_bytes()

    def test_something_else(self, tmp_path: Path) -> None:
        """What holds no parameters is told so, with the command that writes them."""
        path = tmp_path / "parameters.json"
        path.write_text("{}")

        with pytest.raises(BenchmarkError, match=r"python -m benchmarks\.simulation measure"):
            read_parameters(path)
