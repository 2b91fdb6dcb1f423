"""Tests of training runs on few digits: repeatable, resumable, refusing what is not theirs."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tests.training.uploads_material import FED
from training.checkpoints import EpochRecord
from training.data import Mnist, Split
from training.errors import CheckpointError
from training.feeding import prepare
from training.recipes import RECIPES, Recipe
from training.run import (
    TrainedRun,
    compile_network,
    open_run,
    predict,
    train,
)

pytestmark = pytest.mark.tensorflow


class StoppedError(Exception):
    """Stands for the end of the process."""


def stop_in(epoch: int) -> Any:
    """Return a progress function that stops in the middle of an epoch, counted from 0."""

    def on_step(current: int, done: int, _steps: int, _scores: dict[str, float]) -> None:
        if (current, done) == (epoch, 10):
            raise StoppedError

    return on_step


def assert_equal_runs(run: TrainedRun, other: TrainedRun) -> None:
    """Compare history and weights, bit for bit."""
    assert run.history == other.history
    pairs = zip(run.network.get_weights(), other.network.get_weights(), strict=True)
    for weights, others in pairs:
        np.testing.assert_array_equal(weights, others)


class TestTrain:
    """Of `train`."""

    def test_records_every_epoch(self, tiny_run: TrainedRun) -> None:
        """Accuracy and loss of training and validation, one value per epoch."""
        assert {name: len(values) for name, values in tiny_run.history.items()} == {
            "accuracy": 3,
            "loss": 3,
            "val_accuracy": 3,
            "val_loss": 3,
        }

    def test_learns(self, tiny_run: TrainedRun) -> None:
        """The loss sinks, also on digits that it was not trained on."""
        assert tiny_run.history["loss"][2] < tiny_run.history["loss"][0]
        assert tiny_run.history["val_loss"][2] < tiny_run.history["val_loss"][0]

    def test_validates_on_the_last_fifth(
        self, tiny_run: TrainedRun, few_digits: Mnist, tiny: Recipe
    ) -> None:
        """The last validation loss is that of the final weights on the last 30 of 150 digits."""
        part = Split(few_digits.train_images[120:], few_digits.train_labels[120:])

        loss, accuracy = tiny_run.network.evaluate(*prepare(tiny, part), verbose=0)

        assert loss == pytest.approx(tiny_run.history["val_loss"][2], rel=1e-4)
        assert accuracy == tiny_run.history["val_accuracy"][2]

    def test_repeats_with_the_same_seed(
        self, tiny_run: TrainedRun, tiny: Recipe, few_digits: Mnist, tmp_path: Path
    ) -> None:
        """History and weights are the same bits."""
        assert_equal_runs(train(tiny, tmp_path, few_digits, seed=1), tiny_run)

    def test_differs_with_another_seed(
        self, tiny_run: TrainedRun, tiny: Recipe, few_digits: Mnist, tmp_path: Path
    ) -> None:
        """Seed 2 gives other numbers."""
        assert train(tiny, tmp_path, few_digits, seed=2).history != tiny_run.history

    @pytest.mark.parametrize("epoch", [0, 1, 2])
    def test_a_stopped_run_goes_on_as_if_nothing_had_been(
        self, epoch: int, tiny_run: TrainedRun, tiny: Recipe, few_digits: Mnist, tmp_path: Path
    ) -> None:
        """Stopped in the middle of any epoch and resumed, it gives the same bits."""
        with pytest.raises(StoppedError):
            train(tiny, tmp_path, few_digits, seed=1, on_step=stop_in(epoch))

        assert_equal_runs(train(tiny, tmp_path, few_digits, seed=1), tiny_run)

    def test_a_finished_run_is_only_opened(
        self, tiny_run: TrainedRun, tiny: Recipe, few_digits: Mnist
    ) -> None:
        """No step is trained."""
        again = train(tiny, tiny_run.directory, few_digits, seed=1, on_step=stop_in(0))

        assert_equal_runs(again, tiny_run)

    def test_refuses_the_directory_of_another_seed(
        self, tiny_run: TrainedRun, tiny: Recipe, few_digits: Mnist
    ) -> None:
        """A run is not gone on with under another seed."""
        with pytest.raises(CheckpointError, match="holds a run with seed 1, and 2 was asked for"):
            train(tiny, tiny_run.directory, few_digits, seed=2)

    def test_reports_steps_and_epochs(
        self, tiny: Recipe, few_digits: Mnist, tmp_path: Path
    ) -> None:
        """120 digits in batches of 5 are 24 steps, told by tens; after each epoch its record."""
        steps: list[tuple[int, int, int]] = []
        records: list[tuple[int, EpochRecord]] = []

        run = train(
            replace(tiny, epochs=2),
            tmp_path,
            few_digits,
            seed=1,
            on_step=lambda epoch, done, of, _scores: steps.append((epoch, done, of)),
            on_epoch=lambda epoch, record: records.append((epoch, record)),
        )

        assert steps == [(epoch, done, 24) for epoch in (0, 1) for done in (10, 20, 24)]
        assert records == list(enumerate(run.state.history))

    def test_gives_a_network_of_keras_own_layers(self, tiny_run: TrainedRun) -> None:
        """The fast convolution is for training only."""
        assert type(tiny_run.network.layers[0]) is keras.layers.Conv2D


class TestTrainOnUploads:
    """Of `train`, with a diet."""

    @pytest.mark.usefixtures("small_uploads")
    def test_a_stopped_run_goes_on_as_if_nothing_had_been(
        self, fed_run: TrainedRun, few_digits: Mnist, tmp_path: Path
    ) -> None:
        """Weights, history and temperature are the same bits, with a rate that sinks over the run."""
        with pytest.raises(StoppedError):
            train(FED, tmp_path, few_digits, seed=1, on_step=stop_in(1))

        again = train(FED, tmp_path, few_digits, seed=1)

        assert_equal_runs(again, fed_run)
        assert again.network.layers[-1].temperature == fed_run.network.layers[-1].temperature

    @pytest.mark.usefixtures("small_uploads")
    def test_a_finished_run_is_opened_without_what_it_was_fed_with(
        self, fed_run: TrainedRun, few_digits: Mnist, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The corpus may be gone; rendering it takes a quarter of an hour."""

        def fail(*_: object) -> None:
            raise AssertionError

        monkeypatch.setattr("training.feeding.training_uploads", fail)

        assert_equal_runs(train(FED, fed_run.directory, few_digits, seed=1), fed_run)

    def test_gives_ten_probabilities(self, fed_run: TrainedRun, few_digits: Mnist) -> None:
        """The eleventh class is spread, and the rows sum to 1."""
        probabilities = predict(fed_run.network, few_digits.test_images)

        assert probabilities.shape == (40, 10)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)

    def test_learns_what_is_no_digit(self, fed_run: TrainedRun) -> None:
        """The loss of eleven classes sinks."""
        assert fed_run.history["loss"][2] < fed_run.history["loss"][0]


class TestOpenRun:
    """Of `open_run`."""

    @pytest.fixture(autouse=True)
    def known_recipe(self, tiny: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make the tiny recipe one that can be found."""
        monkeypatch.setitem(RECIPES, "tiny", tiny)

    def test_opens_a_finished_run(self, tiny_run: TrainedRun, few_digits: Mnist) -> None:
        """With its weights and history."""
        assert_equal_runs(open_run(tiny_run.directory, few_digits), tiny_run)

    def test_refuses_a_directory_without_run(self, few_digits: Mnist, tmp_path: Path) -> None:
        """It says how to get one."""
        with pytest.raises(CheckpointError, match=r"holds no run. Train one with: python -m"):
            open_run(tmp_path, few_digits)

    def test_refuses_an_unfinished_run(
        self, tiny: Recipe, few_digits: Mnist, tmp_path: Path
    ) -> None:
        """It says how to finish it."""
        with pytest.raises(StoppedError):
            train(tiny, tmp_path, few_digits, seed=1, on_step=stop_in(1))

        with pytest.raises(CheckpointError, match=r"1 of 3 epochs. Finish it with: .*--seed 1"):
            open_run(tmp_path, few_digits)


class TestCompileNetwork:
    """Of `compile_network`."""

    def test_xla_is_off(self, tiny: Recipe) -> None:
        """It is three to four times slower on a CPU."""
        assert compile_network(tiny).jit_compile is False


class TestPredict:
    """Of `predict`."""

    def test_gives_probabilities(self, tiny_run: TrainedRun, few_digits: Mnist) -> None:
        """Ten for every digit, which sum to 1."""
        probabilities = predict(tiny_run.network, few_digits.test_images)

        assert probabilities.shape == (40, 10)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
