"""Tests of the run directory."""

import json
from pathlib import Path

import pytest

from training.checkpoints import (
    EpochRecord,
    RunState,
    check_same_run,
    checkpoint_path,
    history_csv,
    load_network,
    read_state,
    save,
    write_text,
)
from training.errors import CheckpointError
from training.recipes import RECIPES, Recipe
from training.run import TrainedRun, compile_network

pytestmark = pytest.mark.tensorflow

RECORD = EpochRecord(accuracy=0.75, loss=0.5, val_accuracy=0.875, val_loss=0.25, seconds=12.5)


def state(epochs: int = 0) -> RunState:
    """A state of the tiny recipe after some epochs."""
    return RunState("tiny", 1, {"digits": "abc"}, 30, [RECORD] * epochs)


class TestHistoryCsv:
    """Of `history_csv`."""

    def test_has_a_line_per_epoch(self) -> None:
        """A header, then epochs counted from 1."""
        assert history_csv([RECORD, RECORD]).splitlines() == [
            "epoch,accuracy,loss,val_accuracy,val_loss,seconds",
            "1,0.750000,0.500000,0.875000,0.250000,12.500000",
            "2,0.750000,0.500000,0.875000,0.250000,12.500000",
        ]


class TestReadState:
    """Of `read_state`."""

    def test_gives_none_for_no_run(self, tmp_path: Path) -> None:
        """A directory without a state file holds no run, nor does one that is not there."""
        assert read_state(tmp_path / "absent") is None

    @pytest.mark.parametrize("text", ["{", '{"recipe": "tiny"}', "[]"])
    def test_refuses_what_is_no_state(self, tmp_path: Path, text: str) -> None:
        """Broken JSON, and JSON of other content."""
        (tmp_path / "state.json").write_text(text)

        with pytest.raises(CheckpointError, match=r"state.json is not the state of a run"):
            read_state(tmp_path)


class TestCheckSameRun:
    """Of `check_same_run`."""

    def test_passes_the_same_run(self, tmp_path: Path) -> None:
        """The history does not matter."""
        check_same_run(state(2), state(), tmp_path)

    @pytest.mark.parametrize(
        ("wanted", "message"),
        [
            (RunState("mlp", 1, {"digits": "abc"}, 30), "recipe tiny, and mlp was asked for"),
            (RunState("tiny", 2, {"digits": "abc"}, 30), "seed 1, and 2 was asked for"),
            (RunState("tiny", 1, {"digits": "xyz"}, 30), "holds a run with other data"),
            (RunState("tiny", 1, {"digits": "abc"}, 60), "batch_size 30, and 60 was asked for"),
        ],
        ids=["recipe", "seed", "data", "batch-size"],
    )
    def test_refuses_another_run(self, wanted: RunState, message: str, tmp_path: Path) -> None:
        """It says what differs."""
        with pytest.raises(CheckpointError, match=message):
            check_same_run(state(), wanted, tmp_path)


class TestSave:
    """Of `save`."""

    def test_keeps_the_last_checkpoint_only(self, tmp_path: Path, tiny: Recipe) -> None:
        """Two epochs leave one checkpoint, the state and both histories."""
        network = compile_network(tiny)

        save(tmp_path, state(1), network)
        save(tmp_path, state(2), network)

        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "epoch-2-checkpoint.keras",
            "history.csv",
            "history.json",
            "state.json",
        ]

    def test_the_state_comes_back(self, tmp_path: Path, tiny: Recipe) -> None:
        """What was saved is read."""
        save(tmp_path, state(2), compile_network(tiny))

        assert read_state(tmp_path) == state(2)

    def test_the_history_is_there_as_json(self, tmp_path: Path, tiny: Recipe) -> None:
        """One object per epoch."""
        save(tmp_path, state(1), compile_network(tiny))

        assert json.loads((tmp_path / "history.json").read_text()) == [
            {
                "accuracy": 0.75,
                "loss": 0.5,
                "val_accuracy": 0.875,
                "val_loss": 0.25,
                "seconds": 12.5,
            }
        ]


class TestLoadNetwork:
    """Of `load_network`."""

    def test_refuses_a_missing_checkpoint(self, tmp_path: Path, tiny: Recipe) -> None:
        """A state without its checkpoint is no run."""
        with pytest.raises(CheckpointError, match=r"epoch-2-checkpoint.keras is missing"):
            load_network(tmp_path, state(2), tiny.network())

    def test_refuses_a_damaged_checkpoint(self, tmp_path: Path, tiny: Recipe) -> None:
        """So is one whose checkpoint is cut off."""
        save(tmp_path, state(1), compile_network(tiny))
        checkpoint = checkpoint_path(tmp_path, 1)
        checkpoint.write_bytes(checkpoint.read_bytes()[:1000])

        with pytest.raises(CheckpointError, match="is missing or damaged"):
            load_network(tmp_path, state(1), tiny.network())

    def test_refuses_another_network(self, tiny_run: TrainedRun) -> None:
        """A recipe that changed since is not gone on with."""
        changed = RECIPES["mlp"].network()

        with pytest.raises(CheckpointError, match="another network than the recipe tiny has now"):
            load_network(tiny_run.directory, tiny_run.state, changed)


class TestWriteText:
    """Of `write_text`."""

    def test_makes_the_folder_and_leaves_no_draft(self, tmp_path: Path) -> None:
        """Only the file itself lies there."""
        write_text(tmp_path / "new" / "notes.txt", "好")

        assert [path.name for path in (tmp_path / "new").iterdir()] == ["notes.txt"]
        assert (tmp_path / "new" / "notes.txt").read_text(encoding="utf-8") == "好"
