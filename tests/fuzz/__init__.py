"""Hostile bytes, thrown at everything that reads what a client sends."""
