"""Tests of what a training run shows."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from tests.training.uploads_material import FED
from training import progress
from training.checkpoints import EpochRecord
from training.data import Mnist
from training.progress import epoch_line, train_visibly
from training.recipes import Recipe

pytestmark = pytest.mark.tensorflow


class TestEpochLine:
    """Of `epoch_line`."""

    def test_reads_like_the_chapters(self, tiny: Recipe) -> None:
        """Section 8.4: `46s - loss: 0.6692 - accuracy: 0.7839 - val_loss: ...`."""
        record = EpochRecord(
            accuracy=0.7839, loss=0.6692, val_accuracy=0.9623, val_loss=0.1254, seconds=46.2
        )

        assert epoch_line(tiny, 0, record) == (
            "Epoch 1/3 - 46s - loss: 0.6692 - accuracy: 0.7839"
            " - val_loss: 0.1254 - val_accuracy: 0.9623"
        )


class TestTrainVisibly:
    """Of `train_visibly`."""

    def test_prints_a_plain_line_per_epoch_into_a_file(
        self, tiny: Recipe, few_digits: Mnist, tmp_path: Path
    ) -> None:
        """Where there is no terminal there is no bar."""
        console = Console(file=io.StringIO(), width=40)

        run = train_visibly(tiny, tmp_path, few_digits, seed=1, console=console)

        assert isinstance(console.file, io.StringIO)
        assert console.file.getvalue().splitlines() == [
            epoch_line(tiny, epoch, record) for epoch, record in enumerate(run.state.history)
        ]

    def test_shows_a_bar_on_a_terminal(
        self, tiny: Recipe, few_digits: Mnist, tmp_path: Path
    ) -> None:
        """With recipe, epoch and scores."""
        console = Console(file=io.StringIO(), width=120, force_terminal=True)

        train_visibly(tiny, tmp_path, few_digits, seed=1, console=console)

        assert isinstance(console.file, io.StringIO)
        assert "tiny, seed 1, epoch 3/3" in console.file.getvalue()

    @pytest.mark.usefixtures("small_uploads")
    def test_shows_how_uploads_are_rendered(self, few_digits: Mnist, tmp_path: Path) -> None:
        """Which takes a quarter of an hour the first time."""
        console = Console(file=io.StringIO(), width=120, force_terminal=True)

        train_visibly(FED, tmp_path, few_digits, seed=1, console=console)

        assert isinstance(console.file, io.StringIO)
        assert "fed, uploads for training" in console.file.getvalue()
        assert "fed, uploads for validation" in console.file.getvalue()

    @pytest.mark.usefixtures("small_uploads")
    def test_finished_run_trains_on_no_uploads(
        self, few_digits: Mnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A run that is opened again needs those of validation alone."""
        train_visibly(FED, tmp_path, few_digits, seed=1, console=Console(file=io.StringIO()))
        rendered: list[object] = []
        monkeypatch.setattr(progress, "training_uploads", rendered.append)

        train_visibly(FED, tmp_path, few_digits, seed=1, console=Console(file=io.StringIO()))

        assert rendered == []
