"""A short soak, and whether one would notice what it looks for."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.soak.samples import Sample
from tests.soak.tally import Tally

ROOT = Path(__file__).parents[2]
MINUTES = 1.75  # seven rounds of the faults; `make soak` goes on for longer


@pytest.mark.integration
@pytest.mark.skipif(sys.platform != "linux", reason="workers and their memory are read from /proc")
def test_short_soak() -> None:
    """With workers killed and stopped, versions changed and clients gone, every answer is right."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.soak", "--minutes", str(MINUTES)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr[-4000:]
    assert "killed workers" in run.stdout
    assert "wrong answers       0\n" in run.stdout
    assert "lost requests       0\n" in run.stdout


class TestSample:
    """`Sample`."""

    @pytest.mark.parametrize(
        ("status", "body"),
        [(200, b'{"class":1}'), (503, b'{"class":7}'), (200, b""), (200, 2 * b'{"class":7}\n')],
        ids=["class", "status", "nothing", "too much"],
    )
    def test_wrong_answers(self, status: int, body: bytes) -> None:
        """Any other answer than the right one is noticed."""
        sample = Sample("digit", b"", digits=(7,))

        assert sample.is_answered_by(200, b'{"class":7}')
        assert not sample.is_answered_by(status, body)


class TestTally:
    """`Tally`."""

    def test_report(self) -> None:
        """A wrong answer and a lost request are counted, and told."""
        tally = Tally(resident_bytes=[100_000_000] * 50 + [101_000_000] * 50)
        tally.count("digit", None)
        tally.count("digit", "expected 7")
        tally.lost.append("form: reset")

        report = tally.report()

        assert not tally.is_clean
        assert "requests served     2 (2 digit)" in report
        assert "wrong answers       1\n  expected 7" in report
        assert "lost requests       1\n  form: reset" in report
        assert "growth of it        +1.00%" in report

    def test_nothing_is_not_clean(self) -> None:
        """A soak that sent nothing proves nothing."""
        assert not Tally().is_clean
