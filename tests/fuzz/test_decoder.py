"""The decoder under libFuzzer, in a process of its own: what Python cannot catch ends that one alone."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NUM_RUNS = 8000  # about 15 seconds
BOUNDS = ("-seed=1", "-timeout=60", "-rss_limit_mb=1000")  # a run takes 2 ms, the process 80 MB
# A process begins with the peak memory of the one that it was started from, and libFuzzer takes it for its own.
SMALL_PARENT = ("sh", "-c", '"$@"; exit $?', "sh")


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="atheris is built for Linux on x86-64 alone",
)
def test_mutated_pictures(tmp_path: Path) -> None:
    """Thousands of mutated hostile pictures end in a digit or an error of ours, within time and memory."""
    command = [
        *SMALL_PARENT,
        sys.executable,
        "-m",
        "tests.fuzz.decoder",
        str(tmp_path),
        f"-runs={NUM_RUNS}",
        *BOUNDS,
    ]

    run = subprocess.run(
        [*command, f"-artifact_prefix={tmp_path}/"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )

    assert run.returncode == 0, run.stderr[-4000:]
    assert f"Done {NUM_RUNS} runs" in run.stderr
