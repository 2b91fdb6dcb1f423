"""Reading what the load generator prints, and how long it runs."""

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.load import Load, choose_seconds, parse_load

SAID = """\
Running 3s test @ http://127.0.0.1:8000/predict
  1 threads and 16 connections
Requests/sec:   1000.10

{"requests": 3010, "duration_us": 3010000, "status": 10, "lost": 2, "p50_us": 15300, "p99_us": 39600}
"""


class TestParseLoad:
    """`parse_load`."""

    def test_reads_the_line_of_the_script(self) -> None:
        """Times come in their units, and an answer that is no success is not counted as one."""
        expected = Load(requests=3000, duration_s=3.01, failed=12, p50_ms=15.3, p99_ms=39.6)

        assert parse_load(SAID) == expected

    def test_refuses_output_without_it(self) -> None:
        """What the generator said instead is quoted."""
        with pytest.raises(BenchmarkError, match="unable to connect"):
            parse_load("unable to connect to 127.0.0.1\n")


class TestChooseSeconds:
    """`choose_seconds`."""

    @pytest.mark.parametrize(
        ("connections", "request_s", "expected"), [(16, 0.001, 3), (16, 0.1, 5), (64, 0.1, 12)]
    )
    def test_stretches_within_bounds(
        self, connections: int, request_s: float, expected: int
    ) -> None:
        """A fast server gets what was wished, a slow one three requests a connection, within the bound."""
        seconds = choose_seconds(3, at_most_s=12, connections=connections, request_s=request_s)

        assert expected == seconds
