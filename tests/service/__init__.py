"""Tests of the service, one module for each of its modules."""
