"""The list of an image's parts, which `make image-sbom` writes: whole, and with licences."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from tests.container.engine import ROOT, docker

LIST_PACKAGES = (
    "from importlib.metadata import distributions as d; print(*(x.name for x in d()), sep='\\n')"
)
LIST_COPYRIGHTS = """
from pathlib import Path
for path in Path("/usr/share/doc").glob("*/copyright"):
    print(path.parent.name)
"""


@pytest.fixture(scope="module")
def parts(image: str, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The parts of the image under test."""
    folder = tmp_path_factory.mktemp("parts")
    subprocess.run(
        [sys.executable, ROOT / "docker/bill_of_materials.py", folder, image], check=True
    )
    (path,) = folder.glob("sbom-*.cdx.json")
    document = json.loads(path.read_text())
    assert document["bomFormat"] == "CycloneDX"
    components: list[Any] = document["components"]
    return components


def names_of(parts: list[Any], kind: str) -> set[str]:
    """Return the names of the parts of a kind, as package URLs have them, in Python's normal form."""
    return {_normal(part["name"]) for part in parts if part.get("purl", "").startswith(kind)}


def list_in(image: str, *command: str) -> set[str]:
    """Return the names that a program in the image prints, one a line."""
    options = ("--rm", "--network", "none", "--entrypoint", command[0])
    return {
        _normal(line) for line in docker("run", *options, image, *command[1:]).splitlines() if line
    }


def without_licence(parts: list[Any], kind: str) -> set[str]:
    """Return the names of the parts of a kind that have no licence."""
    return names_of([part for part in parts if not part.get("licenses")], kind)


def test_every_package_of_python(image: str, parts: list[Any]) -> None:
    """Every Python package of the image is in the list, the service's own set and the base's alike."""
    installed = list_in(image, "python", "-c", LIST_PACKAGES)

    assert "fastapi" in installed
    assert installed - names_of(parts, "pkg:pypi/") == set()


def test_every_package_of_debian(image: str, parts: list[Any]) -> None:
    """Every Debian package of the image is in the list."""
    installed = list_in(image, "dpkg-query", "--show", "--showformat=${Package}\n")

    assert "libc6" in installed
    assert installed == names_of(parts, "pkg:deb/")


def test_interpreter(image: str, parts: list[Any]) -> None:
    """The interpreter, which no package manager knows, is in the list with its version and licence."""
    version = docker(
        *("run", "--rm", "--network", "none", "--entrypoint", "python", image, "--version")
    )
    listed = {part["version"] for part in parts if part["name"] == "python"}

    assert {f"Python {number}\n" for number in listed} == {version}


def test_licences_of_python(parts: list[Any]) -> None:
    """Python's packages have their licences."""
    assert without_licence(parts, "pkg:pypi/") == set()


def test_licences_of_debian(image: str, parts: list[Any]) -> None:
    """Debian's packages have their licences, but for a few whose files name none.

    The files are the base's: one that has dropped them leaves nothing to list. Those of `with_engine.sh` keep them.
    """
    described = list_in(image, "python", "-c", LIST_COPYRIGHTS) & names_of(parts, "pkg:deb/")
    if not described:
        pytest.skip("the image's base has dropped Debian's files of licences")

    assert len(without_licence(parts, "pkg:deb/") & described) <= len(described) / 20


def _normal(name: str) -> str:
    """Return a package's name as Python's and Debian's lists both have it."""
    return re.sub("[-_.]+", "-", name).lower()
