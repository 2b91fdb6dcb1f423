"""Tests of service/inference."""
