"""Tests of service/preprocessing."""
