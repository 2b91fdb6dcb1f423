"""The integration tests of the service, unchanged, against its containers."""

import os
import subprocess
import sys

import pytest

from tests.container.engine import (
    HARDENED,
    ROOT,
    find_url,
    require_image,
    running,
    wait_until_healthy,
)
from tests.integration.conftest import SETTINGS

ENVIRONMENT = [
    option for name, value in SETTINGS.items() for option in ("--env", f"DIGITSERVE_{name}={value}")
]


@pytest.mark.parametrize(
    ("variant", "memory"), [("cpu", "1g"), ("tensorflow", "2g")], ids=["cpu", "tensorflow"]
)
def test_integration_tests(variant: str, memory: str, network: str) -> None:
    """Every test of `tests/integration` that needs a client alone, from outside, passes against the container."""
    image = require_image(f"digitserve:latest-{variant}")
    options = (*HARDENED, "--memory", memory, *ENVIRONMENT, "--publish", "127.0.0.1::8000")

    with running(image, network, *options) as container:
        wait_until_healthy(container)
        finished = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                "tests/integration",
                "-m",
                "not tensorflow and not same_machine",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env={**os.environ, "DIGITSERVE_TEST_URL": find_url(container)},
        )

    assert finished.returncode == 0, finished.stdout
    assert "skipped" not in finished.stdout
