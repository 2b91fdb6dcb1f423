"""Tests of the images and the compose files, by a container engine: `make test-container`."""
