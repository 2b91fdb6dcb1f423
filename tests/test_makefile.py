"""What the Makefile promises, with a Python that only pretends to install."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FAKE_PYTHON = """\
#!/bin/sh
case "$*" in
"-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && sleep 0.3 && echo built >> log ;;
"-m pip "*) ;;
*) exec {python} "$@" ;;
esac
"""

MAKE = shutil.which("make") or ""

pytestmark = pytest.mark.skipif(not MAKE, reason="make is not installed")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of what `make` reads, with the pretending Python as `./python`."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    python = tmp_path / "python"
    python.write_text(FAKE_PYTHON.format(python=sys.executable))
    python.chmod(0o755)
    return tmp_path


def _make(checkout: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Start `make` with the pretending Python."""
    return subprocess.Popen(
        [MAKE, "--silent", "PYTHON=./python", *arguments],
        cwd=checkout,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _finish(process: "subprocess.Popen[str]") -> str:
    """Wait for a `make` that must succeed, and return what it said."""
    said, _ = process.communicate()
    assert process.returncode == 0, said
    return said


@pytest.mark.parametrize(
    "environment",
    [f".venv/{name}" for name in ("serve", "dev", "container", "sbom", "protocols", "ray")],
)
class TestEnvironment:
    """The rules that make virtual environments."""

    def test_is_built_once_by_two_at_a_time(self, checkout: Path, environment: str) -> None:
        """Of several that come at once, one builds and the others wait, then find it done."""
        processes = [_make(checkout, f"{environment}/ready") for _ in range(3)]

        said = "".join(_finish(process) for process in processes)

        assert (checkout / "log").read_text() == "built\n"
        assert said.count(f"Preparing {environment}") == 1

    def test_is_built_anew_when_requirements_change(self, checkout: Path, environment: str) -> None:
        """Nothing is done twice, until the locked requirements are newer."""
        for _ in range(2):
            _finish(_make(checkout, f"{environment}/ready"))
        assert (checkout / "log").read_text() == "built\n"

        ready = (checkout / environment / "ready").stat()
        newer = (ready.st_atime_ns, ready.st_mtime_ns + 10_000_000_000)
        for requirements in (checkout / "requirements").glob("*.txt"):
            os.utime(requirements, ns=newer)
        _finish(_make(checkout, f"{environment}/ready"))

        assert (checkout / "log").read_text() == "built\nbuilt\n"


def test_help_lists_the_targets(checkout: Path) -> None:
    """`make help` shows every target that has a comment: what everybody needs, then the maintainers'."""
    everyday, maintainers = _finish(_make(checkout, "help")).split("For maintainers:\n")

    assert [line.split()[1] for line in everyday.splitlines()] == [
        *("help", "serve", "test", "check", "format", "predict", "evaluate", "train"),
        *("image", "up", "clean"),
    ]
    assert {line.split()[0] for line in maintainers.splitlines()} == {"make"}
    assert len(maintainers.splitlines()) >= 10


def test_bill_of_materials(checkout: Path) -> None:
    """`make sbom` lists the locked service, and fails for a licence that nobody has allowed."""
    said = _finish(_make(checkout, "--dry-run", "sbom")).replace("\\\n", " ")
    commands = [" ".join(line.split()) for line in said.splitlines()]

    service = ".venv/sbom/service/bin/python"
    [parts] = (line for line in commands if "cyclonedx-py environment" in line)
    [licences] = (line for line in commands if "pip-licenses" in line)
    assert (
        f".venv/sbom/bin/python -m pip --python {service} install --quiet "
        "--disable-pip-version-check --require-hashes -r requirements/service.txt"
    ) in commands
    assert parts.endswith(f"--output-file build/sbom.cdx.json {service}")
    assert f"pip-licenses --python {service} " in licences
    assert '--allow-only "Apache;BSD;MIT;MPL;PSF"' in licences
