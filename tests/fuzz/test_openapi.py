"""The OpenAPI document of a running service, held against its answers by schemathesis."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.conftest import ROOT, running_service

pytestmark = pytest.mark.integration

NUM_EXAMPLES = 10  # of each route in each phase
OPTIONS = [
    "--checks=all",
    # No schema tells which bytes are a picture, or which models are served: others are rightly refused.
    "--exclude-checks=positive_data_acceptance",
    f"--max-examples={NUM_EXAMPLES}",
    "--seed=1",
    "--continue-on-failure",
    "--generation-database=none",
    "--request-timeout=600",
    "--max-response-time=600",  # the default is a limit of 10 s, which a busy machine breaks
    "--header=X-Request-Timeout-Ms:999999999",  # what runs out of time is answered 503, rightly
    "--no-color",
]


KEY = "a-key-of-a-test"
# Both ways: beside one alone the tool makes up the other, and takes the answer for one to that.
KEY_HEADERS = [f"--header=X-API-Key:{KEY}", f"--header=Authorization:Bearer {KEY}"]


@pytest.mark.parametrize(
    ("settings", "options"),
    [({}, []), ({"API_KEYS": KEY}, KEY_HEADERS)],
    ids=["open", "with keys"],
)
def test_answers_are_as_declared(
    settings: dict[str, str], options: list[str], tmp_path: Path
) -> None:
    """Statuses, headers and schemas of all answers are declared, and what breaks the schema is refused."""
    with running_service(tmp_path, ENGINE="litert", REQUEST_TIMEOUT_MS="0", **settings) as client:
        document = str(client.base_url.join("/openapi.json"))
        run = subprocess.run(
            [sys.executable, "-m", "schemathesis.cli", "run", document, *OPTIONS, *options],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.fuzz.media"},
            capture_output=True,
            text=True,
            check=False,
        )

    assert run.returncode == 0, run.stdout + run.stderr
    assert "Traceback" not in (tmp_path / "log").read_text()
