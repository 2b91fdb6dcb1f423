"""One training run: a recipe, a seed and MNIST in; weights and history out.

epoch -> shuffle and dropout from (seed, epoch) -> fit -> checkpoint -> next epoch

Everything random in an epoch follows from the seed and the epoch's number, so a run that was
stopped and resumed equals one that was not, bit for bit.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
import numpy.typing as npt

from training.calibration import fit_temperature
from training.checkpoints import (
    METRICS,
    EpochRecord,
    RunState,
    check_same_run,
    load_network,
    read_state,
    save,
)
from training.corpus import NOT_A_DIGIT
from training.data import Images, Mnist, split
from training.errors import CheckpointError
from training.feeding import Feed, UploadFeed, make_feed, normalise
from training.layers import BlockConv2D, DigitProbabilities
from training.recipes import Recipe, find_recipe
from training.upload_sets import validation_uploads

PREDICT_BATCH_SIZE = 500
STEPS_PER_CALL = 10  # run within TensorFlow before Python is asked again; changes no number


@dataclass(frozen=True)
class TrainedRun:
    """A finished run.

    Attributes:
        recipe: What was trained.
        network: The network to serve, of Keras's own layers: float32 [N, 28, 28, 1] to [N, 10].
        state: What the run directory remembers.
        directory: The run directory.
    """

    recipe: Recipe
    network: Any
    state: RunState
    directory: Path

    @property
    def history(self) -> dict[str, list[float]]:
        """Scores by name, one value per epoch, as `keras.callbacks.History` keeps them."""
        epochs = [dict[str, Any](epoch) for epoch in self.state.history]
        return {name: [epoch[name] for epoch in epochs] for name in METRICS}


Progress = Callable[[int, int, int, dict[str, float]], None]
"""Called with the epoch (from 0), steps done, steps in all, and the scores so far."""


class Train(Protocol):
    """Trains a run and returns it, as `train` does."""

    def __call__(
        self,
        recipe: Recipe,
        out_dir: Path,
        mnist: Mnist,
        *,
        seed: int,
        on_step: Progress | None = None,
        on_epoch: Callable[[int, EpochRecord], None] | None = None,
    ) -> TrainedRun:
        """Train a recipe, or go on with the run that `out_dir` holds."""
        ...


def train(
    recipe: Recipe,
    out_dir: Path,
    mnist: Mnist,
    *,
    seed: int,
    on_step: Progress | None = None,
    on_epoch: Callable[[int, EpochRecord], None] | None = None,
) -> TrainedRun:
    """Train a recipe, or go on with the run that `out_dir` holds.

    Args:
        recipe: What to train.
        out_dir: Run directory; made when it is missing.
        mnist: Digits to train and validate on.
        seed: Seed of weights, order and dropout; not negative.
        on_step: Told after every `STEPS_PER_CALL` steps, for a progress bar.
        on_epoch: Told after every epoch, once its checkpoint is on disk.

    Raises:
        CheckpointError: If `out_dir` holds a run of another recipe, seed or data.
    """
    state, network = start_or_resume(recipe, out_dir, mnist, seed)
    feed: Feed | UploadFeed | None = None
    for epoch in range(len(state.history), recipe.epochs):
        feed = feed or make_feed(recipe, mnist)  # to open a finished run takes none
        started = time.perf_counter()
        scores = fit_epoch(network, feed, seed=seed, epoch=epoch, on_step=on_step)
        state.history.append(record(scores, time.perf_counter() - started))
        save(out_dir, state, network)
        if on_epoch:
            on_epoch(epoch, state.history[-1])
    return TrainedRun(recipe, deployed(recipe, network, mnist), state, out_dir)


def record(scores: dict[str, float], seconds: float) -> EpochRecord:
    """Record an epoch's scores, the `METRICS` by name, and its wall time in seconds."""
    return EpochRecord(
        accuracy=scores["accuracy"],
        loss=scores["loss"],
        val_accuracy=scores["val_accuracy"],
        val_loss=scores["val_loss"],
        seconds=seconds,
    )


def open_run(run_dir: Path, mnist: Mnist) -> TrainedRun:
    """Open a finished run.

    Args:
        run_dir: Run directory.
        mnist: The data that it was trained on.

    Raises:
        CheckpointError: If there is no run, an unfinished one, or one on other data.
        UnknownRecipeError: If its recipe is gone.
    """
    state = read_state(run_dir)
    if state is None:
        raise CheckpointError(f"{run_dir} holds no run. Train one with: python -m training train.")
    recipe = find_recipe(state.recipe)
    if len(state.history) < recipe.epochs:
        raise CheckpointError(
            f"{run_dir} holds {len(state.history)} of {recipe.epochs} epochs. Finish it with: "
            f"python -m training train --recipe {recipe.name} --seed {state.seed} --out {run_dir}"
        )
    return train(recipe, run_dir, mnist, seed=state.seed)


def fit_epoch(
    network: Any, feed: Feed | UploadFeed, *, seed: int, epoch: int, on_step: Progress | None = None
) -> dict[str, float]:
    """Train one epoch and validate; order and dropout follow from the seed and the epoch.

    Args:
        network: A compiled network.
        feed: What to train and validate on.
        seed: Seed of the run.
        epoch: Number of the epoch, from 0.
        on_step: Told after every `STEPS_PER_CALL` steps.

    Returns:
        The scores of `METRICS` by name.
    """
    seed_dropout(network, seed, epoch)
    scores = network.fit(
        feed.of_epoch(seed, epoch),
        shuffle=False,
        validation_data=feed.validation,
        verbose=0,
        callbacks=[_StepReporter(epoch, on_step)] if on_step else [],
    ).history
    return {name: float(scores[name][0]) for name in METRICS}


def predict(network: Any, images: Images) -> npt.NDArray[np.float32]:
    """Compute probabilities float32 [N, 10] (or logits [N, 11]) of uint8 [N, 28, 28] digits."""
    answers: npt.NDArray[np.float32] = network.predict(
        normalise(images), batch_size=PREDICT_BATCH_SIZE, verbose=0
    )
    return answers


def compile_network(recipe: Recipe, *, convolution: Any = BlockConv2D, steps: int = 1) -> Any:
    """Build the recipe's network and make it ready to train.

    XLA is off: it makes these networks three to four times slower on a CPU.

    Args:
        recipe: What to train.
        convolution: Class of the convolutions.
        steps: Steps of the whole run, for optimizers whose rate follows a schedule.
    """
    network = recipe.network(convolution)
    optimizer = recipe.optimizer
    network.compile(
        loss=recipe.loss,
        optimizer=optimizer if isinstance(optimizer, str) else optimizer(steps),
        metrics=["accuracy"],
        jit_compile=False,
        steps_per_execution=STEPS_PER_CALL,
    )
    return network


def start_or_resume(recipe: Recipe, out_dir: Path, mnist: Mnist, seed: int) -> tuple[RunState, Any]:
    """Build a fresh network, or load the checkpoint after checking that it is of this run."""
    wanted = RunState(recipe.name, seed, dict(mnist.md5), recipe.batch_size)
    found = read_state(out_dir)
    if found:
        check_same_run(found, wanted, out_dir)
        return found, load_network(out_dir, found, recipe.network())
    out_dir.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    return wanted, compile_network(recipe, steps=recipe.steps)


def seed_dropout(network: Any, seed: int, epoch: int) -> None:
    """Derive an epoch's dropout masks from the seed; a checkpoint keeps no generator's state."""
    for index, layer in enumerate(dropouts(network)):
        words = np.random.SeedSequence([seed, epoch, index]).generate_state(2)
        layer.seed_generator.state.assign(words & 0x7FFFFFFF)  # TensorFlow takes signed words


def dropouts(network: Any) -> list[Any]:
    """Return the layers of a network that draw masks, in their order."""
    drawing = (layer for layer in network.layers if isinstance(layer, keras.layers.Dropout))
    return [layer for layer in drawing if layer.rate > 0]  # at 0 Keras makes no generator


class _StepReporter(keras.callbacks.Callback):  # type: ignore[misc]  # Keras publishes no types
    """Pass the scores after every step on to a progress function."""

    def __init__(self, epoch: int, on_step: Progress) -> None:
        super().__init__()
        self.epoch = epoch
        self.on_step = on_step

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Report the steps that ended; Keras counts a last, shorter call as a whole one."""
        steps = self.params["steps"]
        self.on_step(self.epoch, min(batch + 1, steps), steps, logs or {})


def deployed(recipe: Recipe, trained: Any, mnist: Mnist) -> Any:
    """Put trained weights into the network that is served: Keras's own layers, probabilities [N, 10]."""
    network = compile_network(recipe, convolution=keras.layers.Conv2D, steps=recipe.steps)
    network.set_weights(trained.get_weights())
    if recipe.diet is None:
        return network
    _, validation = split(mnist, recipe.validation_share)
    uploads = validation_uploads(validation)
    shows_digit = uploads.labels != NOT_A_DIGIT
    temperature = fit_temperature(
        (predict(network, validation.images), validation.labels),
        (predict(network, uploads.images[shows_digit]), uploads.labels[shows_digit]),
    )
    probabilities = DigitProbabilities(temperature, name="probabilities")(network.output)
    return keras.Model(network.input, probabilities, name=network.name)
