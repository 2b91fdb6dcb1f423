"""Tests of labelled data: one module for each form, and one for what they share."""
