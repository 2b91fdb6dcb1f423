"""What a benchmark says it ran on, and what it measured."""

import subprocess
from pathlib import Path

import pytest

from benchmarks.machine import describe_commit


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit of code and of a page."""
    (tmp_path / "docs").mkdir()
    for name in ("code.py", "docs/page.md"):
        (tmp_path / name).write_text("")
    _git(tmp_path, "init", "--quiet")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "--quiet", "--message", "Begin")
    return tmp_path


def _git(folder: Path, *arguments: str) -> None:
    """Run Git as somebody."""
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)  # noqa: S607


class TestDescribeCommit:
    """`describe_commit`."""

    def test_clean(self, repository: Path) -> None:
        """The commit; pages that a benchmark has written do not make it another."""
        (repository / "docs/page.md").write_text("measured")

        assert describe_commit(repository).isalnum()

    def test_dirty(self, repository: Path) -> None:
        """Code that was changed since is told."""
        (repository / "code.py").write_text("1")

        assert describe_commit(repository).endswith("-dirty")

    def test_without_a_repository(self, tmp_path: Path) -> None:
        """A copy of the files alone has no commit."""
        assert describe_commit(tmp_path) == ""

    def test_without_git(self, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nor has anything where there is no Git."""
        monkeypatch.setenv("PATH", "")

        assert describe_commit(repository) == ""
