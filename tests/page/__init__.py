"""Tests of the web page, in Debian's Chromium against a real service."""
