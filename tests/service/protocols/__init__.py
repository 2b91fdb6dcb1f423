"""Tests of the service in the words of other clients."""
