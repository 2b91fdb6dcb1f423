"""The command line of the benchmarks, with studies that measure nothing."""

import sys
from pathlib import Path
from typing import Any

import pytest

import benchmarks.__main__ as commands
from benchmarks.errors import BenchmarkError
from benchmarks.health_under_load import HealthRun
from benchmarks.results import write_comparison
from benchmarks.study import Extent, Study
from tests.benchmarks.comparisons import make_comparison
from tests.benchmarks.test_health_under_load import RUN


def _fail(_extent: Extent) -> list[HealthRun]:
    """Fail as a server that does not come up."""
    raise BenchmarkError("It did not come up.")


GOOD = Study("good", HealthRun, lambda _: [RUN], lambda _: "## Good\n")
BAD = Study("bad", HealthRun, _fail, lambda _: "## Bad\n")


@pytest.fixture
def drafts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of drafts with a comparison in it, and two studies, the first of which fails."""
    studies: tuple[Study[Any], ...] = (BAD, GOOD)
    monkeypatch.setattr("benchmarks.page.STUDIES", studies)
    monkeypatch.setattr(commands, "STUDIES", studies)
    monkeypatch.setattr(commands, "DRAFTS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["benchmarks", "study", "--quick"])
    write_comparison(make_comparison(), tmp_path / "benchmarks" / "serving.json")
    return tmp_path


def test_study_that_fails_stops_no_other(drafts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The others are on the page, and the exit code and the last line tell of the failure."""
    code = commands.main()

    assert code == 1
    assert capsys.readouterr().err == "benchmarks: bad: It did not come up.\n"
    assert "## Good" in (drafts / "benchmarks.md").read_text()


def test_results_are_kept_without_a_comparison(
    drafts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page needs it, and the message says how to make it."""
    (drafts / "benchmarks" / "serving.json").unlink()

    code = commands.main()

    assert code == 1
    assert "make bench" in capsys.readouterr().err
    assert GOOD.path(drafts).is_file()
