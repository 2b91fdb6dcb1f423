"""Studies: their files and sections."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.study import QUICK, Study


@dataclass(frozen=True)
class Answer:
    """A run of a study that asks nothing."""

    round: int
    value: float


STUDY = Study(
    "answers",
    Answer,
    lambda extent: [Answer(number, 42.0) for number in range(extent.rounds)],
    lambda runs: f"## Answers\n\n{runs}\n",
)


def test_what_was_written_is_rendered(tmp_path: Path) -> None:
    """The section has the runs and what measured them."""
    STUDY.write(QUICK, tmp_path)

    section = STUDY.section(tmp_path)

    assert section.startswith("## Answers\n\n[Answer(round=0, value=42.0)]\n\nMeasured 20")
    assert section.endswith(": `make bench QUICK=1`.\n")


def test_what_was_not_measured_has_no_section(tmp_path: Path) -> None:
    """The page leaves it out."""
    assert STUDY.section(tmp_path) == ""


@pytest.mark.parametrize("text", ["", "[]", '{"runs": [{"round": "x"}]}', '{"runs": []}'])
def test_other_files_are_refused(text: str, tmp_path: Path) -> None:
    """The message says what writes them."""
    path = STUDY.path(tmp_path)
    path.parent.mkdir()
    path.write_text(text)

    with pytest.raises(BenchmarkError, match=r"answers\.json holds no results .*make bench"):
        STUDY.section(tmp_path)
