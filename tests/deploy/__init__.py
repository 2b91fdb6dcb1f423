"""Tests of the manifests, rendered and validated without a cluster."""
