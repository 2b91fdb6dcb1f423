"""Errors of the benchmarks; every message says what to do."""


class BenchmarkError(Exception):
    """A benchmark cannot go on."""
