"""Tests of service/cluster."""
