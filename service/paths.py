"""Paths that several layers know. A leaf: it imports nothing of the service."""

PREDICT = "/predict"  # answered in front of the framework, too; such a request has no route to ask
