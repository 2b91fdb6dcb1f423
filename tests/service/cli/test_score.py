"""`digitserve score`, where Ray is not installed; with it, `tests/scale` tests the command."""

import sys

import pytest

from service.cli import main


class TestScore:
    """The command."""

    def test_without_the_extra(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """One line says what to install."""
        monkeypatch.setitem(sys.modules, "ray", None)

        code = main(["score", "in", "out", "--workers", "2"])

        said = capsys.readouterr().err
        assert code == 3
        assert "'.[ray]'" in said
        assert said.count("\n") == 1

    @pytest.mark.parametrize("number", ["0", "-1", "many"])
    def test_numbers_that_make_no_sense(
        self, number: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Blocks and workers are counted from 1."""
        with pytest.raises(SystemExit, match="2"):
            main(["score", "in", "out", "--block", number])
        assert "--block" in capsys.readouterr().err
