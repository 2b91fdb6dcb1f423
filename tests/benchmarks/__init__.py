"""Tests of the benchmarks: what they compute and write; nothing is timed."""
