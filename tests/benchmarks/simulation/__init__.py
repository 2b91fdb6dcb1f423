"""Tests of the simulation of a fleet."""
