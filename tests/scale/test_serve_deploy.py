"""The way of docs/scale.md: `digitserve ray-config` writes a file, `serve deploy` starts it, and it answers."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import ray

from tests.pictures import draw, encode
from tests.scale.cluster import OBJECT_STORE_BYTES, free_port, wait_until
from tests.scale.sources import ROOT

BIN = Path(sys.executable).parent
DIGIT = encode(draw(size=(28, 28)))


@pytest.mark.full
def test_deployed_by_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that the one command writes is what the other takes, and a prediction is answered."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # for the nodes, which import the application
    port, config = free_port(), tmp_path / "serve.yaml"
    write = [sys.executable, "-m", "service", "ray-config", "--port", str(port)]
    config.write_text(_run(*write))
    context = ray.init(
        num_cpus=1,
        include_dashboard=True,
        dashboard_port=free_port(),
        object_store_memory=OBJECT_STORE_BYTES,
        log_to_driver=False,
    )
    try:
        address = f"http://{context.dashboard_url}"

        _run(str(BIN / "serve"), "deploy", str(config), "--address", address)

        wait_until(lambda: _predicts(port), "an answer")
        assert "RUNNING" in _run(str(BIN / "serve"), "status", "--address", address)
    finally:
        ray.shutdown()


def _run(*command: str) -> str:
    """Run a command to its end, and return what it printed.

    Its environment is that of now: a cluster that Ray starts here asks for a token, and says so there.
    """
    finished = subprocess.run(
        command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=240, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def _predicts(port: int) -> bool:
    """Tell whether a prediction is answered."""
    try:
        answer = httpx.post(f"http://127.0.0.1:{port}/predict", content=DIGIT, timeout=30)
    except httpx.TransportError:
        return False
    return answer.is_success and "class" in answer.json()
