"""The study of what the work since a commit costs."""

import subprocess
from pathlib import Path

import pytest

from benchmarks.cost import COMMAND, PAGE, CostRun, check_out, render
from benchmarks.errors import BenchmarkError


def test_ratios_are_of_the_same_round() -> None:
    """Figures are divided by those of the older service in their own round."""
    runs = [
        *(CostRun(0, "abc1234", 1, 1000.0, 1.0, 500.0), CostRun(0, "", 1, 900.0, 1.1, 550.0)),
        *(CostRun(1, "", 1, 500.0, 2.0, 510.0), CostRun(1, "abc1234", 1, 500.0, 2.0, 500.0)),
    ]

    section = render(runs)

    assert "over that of abc1234: medians of 2 rounds" in section
    assert "| 1 | 0.95 (0.90 to 1.00) | 1.05 (1.00 to 1.10) | 1.06 (1.02 to 1.10) |" in section


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of one commit, which has been changed since."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "service.py").write_text("then")
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    for arguments in (
        ("init", "--quiet"),
        ("add", "."),
        (*identity, "commit", "--quiet", "--message", "Begin"),
    ):
        subprocess.run(("git", *arguments), cwd=folder, check=True)  # noqa: S607
    (folder / "service.py").write_text("now")
    return folder


def test_checks_out_a_commit(tmp_path: Path, repository: Path) -> None:
    """The folder gets what the commit holds."""
    check_out("HEAD", tmp_path, repository)

    assert (tmp_path / "service.py").read_text() == "then"


def test_unknown_commit(tmp_path: Path, repository: Path) -> None:
    """A commit that is none is told of."""
    with pytest.raises(BenchmarkError, match="no commit 'nothing-like-it'"):
        check_out("nothing-like-it", tmp_path, repository)


def test_page_has_a_place() -> None:
    """The page has the marks between which the table goes."""
    assert f"<!-- {COMMAND} -->\n" in PAGE.read_text()
