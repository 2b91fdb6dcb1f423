"""Faults of what surrounds the service, each made for real."""
