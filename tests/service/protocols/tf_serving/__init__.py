"""Tests of TensorFlow Serving's REST API."""
