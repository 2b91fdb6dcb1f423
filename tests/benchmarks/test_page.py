"""The page of the comparison and the studies."""

from pathlib import Path

import pytest

from benchmarks import health_under_load, training_speed
from benchmarks.errors import BenchmarkError
from benchmarks.page import STUDIES, find_studies, write_page
from benchmarks.results import write_comparison
from benchmarks.study import QUICK, Study
from tests.benchmarks.comparisons import make_comparison
from tests.benchmarks.test_health_under_load import RUN


def test_studies_have_files_of_their_own() -> None:
    """No study writes over another, nor over the other results."""
    names = [study.name for study in STUDIES]

    assert len({*names, "serving", "performance"}) == len(names) + 2


def test_names_choose_studies() -> None:
    """No name means all; an unknown one is told."""
    assert find_studies(["health"]) == [health_under_load.STUDY]
    assert find_studies([]) == list(STUDIES)
    with pytest.raises(ValueError, match=r"'none'.*There are: .*health"):
        find_studies(["none"])


def test_quick_run_leaves_slow_studies_out() -> None:
    """All but those, unless one is named: what is left takes half a minute at most."""
    quick = find_studies([], is_quick=True)

    assert [study.name for study in quick] == ["bulk"]
    assert find_studies(["training"], is_quick=True) == [training_speed.STUDY]


def test_page_has_what_was_measured(tmp_path: Path) -> None:
    """A study's section stands between the comparison and the versions."""
    write_comparison(make_comparison(), tmp_path / "benchmarks" / "serving.json")
    study = health_under_load.STUDY
    Study(study.name, study.run, lambda _: [RUN, RUN], study.render).write(QUICK, tmp_path)

    page = write_page(tmp_path).read_text()

    at = [page.index(f"## {name}") for name in ("Requests", "Health under load", "Versions")]
    assert at == sorted(at)


def test_page_needs_the_comparison(tmp_path: Path) -> None:
    """The message says what measures it."""
    with pytest.raises(BenchmarkError, match="make bench"):
        write_page(tmp_path)
