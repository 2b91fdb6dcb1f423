"""The Dockerfile, the compose files and the scripts beside them, read and not run."""

import json
import re
import sys
from pathlib import Path

import pytest

from tests.container.engine import ROOT, default_of, run_tool

DOCKERFILE = (ROOT / "Dockerfile").read_text()
SCRIPTS = [
    path.relative_to(ROOT)
    for folder in (".ci", "docker", "requirements", "tests/container")
    for path in sorted((ROOT / folder).iterdir())
    if path.is_file() and path.read_bytes().startswith(b"#!/usr/bin/env bash")
]
# Its own failures, and what it refuses.
PROXY_STATUSES = {"400", "408", "500", "502", "503", "504", "404", "413"}


@pytest.mark.skipif(sys.platform == "win32", reason="hadolint has no wheel for Windows")
def test_linter() -> None:
    """Hadolint finds nothing."""
    finished = run_tool("hadolint", "Dockerfile")

    assert (finished.stdout, finished.returncode) == ("", 0)


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_scripts(script: Path) -> None:
    """Shellcheck finds nothing."""
    finished = run_tool("shellcheck", script)

    assert (finished.stdout, finished.returncode) == ("", 0)


def test_no_frontend_is_fetched() -> None:
    """The engine's own frontend builds it: no line asks for another."""
    assert not re.search(r"^#\s*syntax\s*=", DOCKERFILE, re.MULTILINE)


def test_images_have_short_names() -> None:
    """Wherever an engine takes its images from, the names fit: none has a host."""
    names = re.findall(r"^(?:FROM|ARG PYTHON_IMAGE=)\s*(\S+)", DOCKERFILE, re.MULTILINE)

    assert names
    assert [name for name in names if "/" in name] == []


def test_packages_have_hashes() -> None:
    """Every installation checks hashes and runs nothing of a package."""
    installations = re.findall(r"pip .*install (.*)", DOCKERFILE)

    assert len(installations) == 2
    assert all("--require-hashes --only-binary :all:" in options for options in installations)


def test_default_version() -> None:
    """The label's version is the service's, by whatever the image is built."""
    (version,) = re.findall(r'__version__ = "(.+)"', (ROOT / "service/__init__.py").read_text())

    assert default_of("DIGITSERVE_VERSION") == version
    assert set(re.findall(r"ARG VERSION=(\S+)", DOCKERFILE)) == {version}


def test_problems_of_the_proxy() -> None:
    """Whatever HAProxy answers itself is a whole problem document of the answer's own status."""
    text = (ROOT / "docker/haproxy.cfg").read_text()
    answers = re.findall(r"status (\d+) content-type (\S+) .*lf-string '(.*?)'", text)

    assert {status for status, *_ in answers} == PROXY_STATUSES
    for status, media_type, document in answers:
        problem = json.loads(document)
        assert media_type == "application/problem+json"
        assert problem["status"] == int(status)
        assert problem["error"] == problem["detail"]
        assert problem.keys() == {"type", "title", "status", "detail", "instance", "error"}
