"""Tests of what runs on Ray, on clusters of this machine, in an environment of their own: `make test-scale`."""
