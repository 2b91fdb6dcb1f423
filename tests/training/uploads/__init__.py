"""Tests of training/uploads."""
