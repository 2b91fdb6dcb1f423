"""`with_engine.sh`, with programs in the engine's place: without one, without a registry, and beside another run."""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.container.engine import ROOT

SCRIPT = ROOT / "tests/container/with_engine.sh"
RECIPE = hashlib.sha256(SCRIPT.read_bytes()).hexdigest()[:16]
# Answers once `started` is there; has images of the recipe that a file names, and reaches no registry.
DOCKER = """#!/bin/sh
cd "$(dirname "$0")"
case "$1" in
    version) [ -e started ] ;;
    image) [ -e recipe ] && cat recipe ;;
    pull) exit 1 ;;
esac
"""
DOCKERD = """#!/bin/sh
touch "$(dirname "$0")/started"
exec sleep 60
"""
NO_PYTHON = "can be neither pulled nor made: there is no Python"

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="an engine is started by root on Linux"
)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with programs in the place of the engine's, of an engine that answers."""
    for name, text in {"docker": DOCKER, "dockerd": DOCKERD, "mmdebstrap": "#!/bin/sh\n"}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "started").touch()
    return tmp_path


def start(programs: Path) -> "subprocess.Popen[str]":
    """Run a command by the script; the command says so."""
    return subprocess.Popen(
        [SCRIPT, "echo", "at work"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(programs),
            "ENGINE_DIR": str(programs / "state"),
        },
    )


def test_engine_with_its_images(programs: Path) -> None:
    """Where an engine answers and has the images, the command runs and nothing else."""
    (programs / "recipe").write_text(RECIPE)

    assert start(programs).communicate(timeout=60) == ("at work\n", "")


def test_images_of_a_registry(programs: Path) -> None:
    """An image that is no stand-in is kept."""
    (programs / "recipe").write_text("")

    assert start(programs).communicate(timeout=60) == ("at work\n", "")


@pytest.mark.parametrize("recipe", [None, "of before"], ids=["no image", "another recipe"])
def test_stand_in_is_made(programs: Path, recipe: str | None) -> None:
    """An image that is missing, or of another recipe, is made here; what is lacking for that is said."""
    if recipe:
        (programs / "recipe").write_text(recipe)

    run = start(programs)
    printed, said = run.communicate(timeout=60)

    assert (run.returncode, printed) == (1, "")
    assert NO_PYTHON in said


def test_two_runs(programs: Path) -> None:
    """A run that finds another at work says so, and starts its engine when that is over."""
    (programs / "started").unlink()
    (programs / "recipe").write_text(RECIPE)
    (programs / "state").mkdir()
    with (programs / "state/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run = start(programs)
        assert run.stderr is not None
        assert "waiting for another run" in run.stderr.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            run.wait(1)

    printed, _ = run.communicate(timeout=60)

    assert (run.returncode, printed) == (0, "at work\n")
