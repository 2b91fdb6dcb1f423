"""Tests of changing versions."""
