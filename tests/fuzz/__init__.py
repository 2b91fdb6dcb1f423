"""Tests with mutated files, bounded in their number."""
