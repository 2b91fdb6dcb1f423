"""Tests of the command line: what it writes, and how it fails."""

from pathlib import Path

import pytest

from tests.training.conftest import ROOT
from tests.training.upload_reports import RESULTS, SKIPPED
from training.commands import main
from training.data import Mnist
from training.errors import DataUnavailableError
from training.recipes import RECIPES, Recipe
from training.upload_results import read_upload_results, write_upload_results

pytestmark = pytest.mark.tensorflow


@pytest.fixture(autouse=True)
def small_world(
    tiny: Recipe, few_digits: Mnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work in an empty folder, with the tiny recipe and few digits."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(RECIPES, "tiny", tiny)
    monkeypatch.setattr("training.commands.load_mnist", lambda: few_digits)


class TestMain:
    """Of `main`."""

    def test_train_then_export(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A run with history and report, and a bundle that carries the report."""
        trained = main(["train", "--recipe", "tiny", "--seed", "3", "--out", "run"])
        exported = main(["export", "run", "--name", "small", "--version", "7"])

        output = capsys.readouterr().out
        assert (trained, exported) == (0, 0)
        assert "Epoch 3/3 - " in output
        assert "Report: run/report/index.html\n" in output
        assert (tmp_path / "run" / "history.csv").is_file()
        assert (tmp_path / "models/small/7/assets.extra/report/index.html").is_file()

    def test_reproduce_writes_the_evidence(self, tmp_path: Path) -> None:
        """A run per seed, the recipe's JSON and the page."""
        status = main(["reproduce", "--recipe", "tiny", "--seeds", "2"])

        assert status == 0
        assert (tmp_path / "runs/tiny-1/state.json").is_file()
        assert (tmp_path / "runs/tiny-2/state.json").is_file()
        assert (tmp_path / "docs/results/tiny.json").is_file()
        assert "| `tiny` | 1,042 | 2 |" in (tmp_path / "docs/results.md").read_text()

    def test_time_writes_the_evidence(self, tmp_path: Path) -> None:
        """The times' JSON and the page."""
        status = main(["time", "--recipe", "tiny", "--rounds", "2", "--share", "1"])

        assert status == 0
        assert "| `tiny` | 120 | 2 |" in (tmp_path / "docs/results.md").read_text()

    def test_benchmark_writes_the_evidence(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of every bundle, on the first kinds alone here: the JSON and the page."""
        monkeypatch.setattr("training.upload_benchmark.DIGIT_KINDS", ("dark-on-white",))
        monkeypatch.setattr("training.upload_benchmark.OTHER_KINDS", ("blank-paper",))
        monkeypatch.setattr("training.digit_sets.CORRUPTIONS", ("stripe",))

        status = main(["benchmark", "--models", str(ROOT / "models"), "--per-kind", "2"])

        assert status == 0
        assert (tmp_path / "docs/results/uploads.json").is_file()
        page = (tmp_path / "docs/results.md").read_text()
        assert "| dark-on-white | 2 | " in page
        assert "| rendered | blank-paper | 2 | " in page

    def test_benchmark_keeps_what_it_skips(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """UCI's digits, measured before, stay in the JSON."""
        monkeypatch.setattr("training.commands.measure_uploads", lambda *_, **__: SKIPPED)
        monkeypatch.setattr("training.commands.find_failures", lambda *_: [])
        write_upload_results(RESULTS, tmp_path / "docs")

        status = main(["benchmark", "--models", str(ROOT / "models")])

        assert status == 0
        assert read_upload_results(tmp_path / "docs/results/uploads.json") == RESULTS

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["benchmark", "--models", "nowhere"], "Error: No model bundle was found under nowhe"),
            (["train", "--recipe", "cnn"], "Error: There is no recipe 'cnn'. Choose one of: "),
            (["export", "nowhere"], "Error: nowhere holds no run. Train one with: "),
        ],
    )
    def test_failures_are_one_line_on_standard_error(
        self, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """And the exit code is 1."""
        status = main(arguments)

        captured = capsys.readouterr()
        assert status == 1
        assert captured.out == ""
        assert captured.err.startswith(message)
        assert captured.err.count("\n") == 1

    def test_missing_data_is_explained(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The message of the data module reaches the person."""

        def fail() -> Mnist:
            raise DataUnavailableError("MNIST could not be had.")

        monkeypatch.setattr("training.commands.load_mnist", fail)

        assert main(["train", "--recipe", "tiny"]) == 1
        assert capsys.readouterr().err == "Error: MNIST could not be had.\n"

    def test_ctrl_c_says_that_the_run_goes_on(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """With the exit code of an interrupt."""

        def stop() -> Mnist:
            raise KeyboardInterrupt

        monkeypatch.setattr("training.commands.load_mnist", stop)

        assert main(["train", "--recipe", "tiny"]) == 130
        assert "The same command goes on" in capsys.readouterr().err

    @pytest.mark.parametrize(
        "arguments",
        [[], ["train", "--seed", "-1"], ["reproduce", "--seeds", "1"], ["time", "--share", "0"]],
        ids=["no-command", "negative-seed", "one-seed", "no-share"],
    )
    def test_a_wrong_command_line_exits_with_2(
        self, arguments: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        """As argparse does, with the usage."""
        with pytest.raises(SystemExit) as caught:
            main(arguments)

        assert caught.value.code == 2
        assert "usage: python -m training" in capsys.readouterr().err
