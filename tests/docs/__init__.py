"""Tests of the documents that run."""
