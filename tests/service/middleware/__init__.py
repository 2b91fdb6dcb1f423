"""Tests of service/middleware."""
