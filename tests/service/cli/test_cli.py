"""Tests of the command line as a whole."""

import os
import re
import runpy
import subprocess
import sys
from importlib.metadata import version
from typing import get_args

import pytest

from service.cli import COMMANDS, main, predict
from service.cli.options import ENGINES
from service.engines import EngineKind


def _help(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Return the help of a command, or of all."""
    with pytest.raises(SystemExit):
        main([*command.split(), "--help"])
    return capsys.readouterr().out


class TestMain:
    """Of `main`."""

    def test_version(self, capsys: pytest.CaptureFixture[str]) -> None:
        """`--version` prints the distribution's version and succeeds."""
        with pytest.raises(SystemExit) as exit_:
            main(["--version"])

        assert (exit_.value.code, capsys.readouterr().out) == (
            0,
            f"digitserve {version('digitserve')}\n",
        )

    @pytest.mark.parametrize("argv", [[], ["predict"], ["serve", "--port", "x"], ["dance"]])
    def test_wrong_arguments(self, argv: list[str]) -> None:
        """Arguments that make no sense end with code 2."""
        with pytest.raises(SystemExit) as exit_:
            main(argv)

        assert exit_.value.code == 2

    @pytest.mark.parametrize("argv", [["--help"], *([name, "--help"] for name in COMMANDS)])
    def test_help_explains_exit_codes(
        self, argv: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The help says what each exit code means."""
        with pytest.raises(SystemExit):
            main(argv)

        out = capsys.readouterr().out
        assert "exit codes:" in out
        assert "3  the service or the bundle cannot be used" in out

    def test_help_lists_commands(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The help says in a sentence what each command does, and its own help begins with that."""
        shown = {name: _help(name, capsys) for name in COMMANDS}
        listing = _help("", capsys)

        assert len(COMMANDS) == 5
        for name, command in COMMANDS.items():
            assert re.search(rf"\n    {name}\s+{re.escape(command.SUMMARY)}\n", listing)
            assert f"\n\n{command.SUMMARY}" in shown[name]

    def test_wrong_setting(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A setting that is not of its range ends with code 2 and its variable's name."""
        monkeypatch.setenv("DIGITSERVE_DECODE_THREADS", "0")

        code = main(["predict", "x.png"])

        assert code == 2
        assert (
            "DIGITSERVE_DECODE_THREADS: Input should be greater than 0" in capsys.readouterr().err
        )

    def test_is_quick_to_start(self) -> None:
        """Reading the command line imports none of the heavy libraries."""
        heavy = "{'numpy', 'rich', 'httpx', 'uvicorn', 'fastapi', 'pydantic'}"
        script = (
            f"import sys, service.cli; service.cli._parser(); print({heavy} & set(sys.modules))"
        )

        run = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)

        assert run.stdout == b"set()\n"

    def test_runs_as_module(self) -> None:
        """`python -m service` is the same command."""
        run = subprocess.run(
            [sys.executable, "-m", "service", "--version"], capture_output=True, check=True
        )

        assert run.stdout.startswith(b"digitserve ")

    def test_main_module(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The module runs the command when it is run, and nothing when it is imported."""
        monkeypatch.setattr(sys, "argv", ["service", "--version"])

        assert runpy.run_module("service.__main__", run_name="imported")["main"] is main
        with pytest.raises(SystemExit) as exit_:
            runpy.run_module("service", run_name="__main__")

        assert exit_.value.code == 0

    def test_interrupt(self, seven: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Ctrl+C ends a command with the code that shells expect, without a traceback."""

        def interrupt(_name: str) -> bytes:
            raise KeyboardInterrupt

        monkeypatch.setattr(predict, "read_file", interrupt)

        assert main(["predict", seven]) == 130

    def test_reader_that_leaves(self, seven: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Output that nobody reads any more ends with code 141; what is left goes nowhere."""
        reading, writing = os.pipe()
        os.close(reading)

        with os.fdopen(writing, "w") as output:
            monkeypatch.setattr(sys, "stdout", output)
            code = main(["predict", "--json", seven])
            output.write("left")

        assert code == 141

    def test_engines_are_those_of_the_settings(self) -> None:
        """`--engine` offers what the settings take, though it does not import them."""
        assert set(ENGINES) == set(get_args(EngineKind))
