"""Tests of clients that others have written; they run in `.venv/protocols`, where ours is not."""
