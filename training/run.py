"""One training run: a recipe, a seed and MNIST in; weights and history out.

    epoch -> shuffle and dropout from (seed, epoch) -> fit -> checkpoint -> next epoch

Everything random in an epoch follows from the seed and the epoch's number, so a run that was stopped
and resumed equals one that was not, bit for bit.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import keras
import numpy as np
import numpy.typing as npt

from training.data import Images, Labels, Mnist, Split, split
from training.errors import CheckpointError
from training.layers import BlockConv2D
from training.recipes import NUM_CLASSES, Recipe

CHECKPOINT = "checkpoint.keras"
STATE = "state.json"
HISTORY_JSON = "history.json"
HISTORY_CSV = "history.csv"
METRICS = ("accuracy", "loss", "val_accuracy", "val_loss")


class EpochRecord(TypedDict):
    """Scores of one epoch; losses in nats, accuracies 0..1, `seconds` of wall time."""

    accuracy: float
    loss: float
    val_accuracy: float
    val_loss: float
    seconds: float


@dataclass
class RunState:
    """What a run directory remembers beside the weights.

    Attributes:
        recipe: Name of the recipe.
        seed: Seed of the run.
        data: MD5 of the raw data files; empty for other digits.
        batch_size: Digits per step.
        history: One record per finished epoch.
    """

    recipe: str
    seed: int
    data: dict[str, str]
    batch_size: int
    history: list[EpochRecord] = field(default_factory=list)


@dataclass(frozen=True)
class TrainedRun:
    """A finished run: its network (Keras's own layers), state and directory."""

    network: Any
    state: RunState
    directory: Path

    @property
    def history(self) -> dict[str, list[float]]:
        """Scores by name, one value per epoch, as `keras.callbacks.History` keeps them."""
        records = self.state.history
        return {name: [float(record[name]) for record in records] for name in METRICS}  # type: ignore[literal-required]  # METRICS are its keys


Progress = Callable[[int, int, int, dict[str, float]], None]
"""Called with the epoch (from 0), steps done, steps in all, and the scores so far."""


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
        seed: Seed of weights, order and dropout.
        on_step: Told after every step, for a progress bar.
        on_epoch: Told after every epoch, once its checkpoint is on disk.

    Raises:
        CheckpointError: If `out_dir` holds a run of another recipe, seed or data.
    """
    state, network = _start_or_resume(recipe, out_dir, mnist, seed)
    training, validation = split(mnist)
    inputs, targets = prepare(recipe, training)
    validation_data = prepare(recipe, validation)
    for epoch in range(len(state.history), recipe.epochs):
        started = time.perf_counter()
        order = np.random.default_rng([seed, epoch]).permutation(len(targets))
        _seed_dropout(network, seed, epoch)
        scores = network.fit(
            inputs[order],
            targets[order],
            batch_size=recipe.batch_size,
            shuffle=False,
            validation_data=validation_data,
            verbose=0,
            callbacks=[_StepReporter(epoch, on_step)] if on_step else [],
        ).history
        record = EpochRecord(
            **{name: float(scores[name][0]) for name in METRICS},  # type: ignore[typeddict-item]  # METRICS are its keys
            seconds=time.perf_counter() - started,
        )
        state.history.append(record)
        _save(out_dir, state, network)
        if on_epoch:
            on_epoch(epoch, record)
    return TrainedRun(_plain(recipe, network), state, out_dir)


def prepare(recipe: Recipe, part: Split) -> tuple[npt.NDArray[np.float32], npt.NDArray[Any]]:
    """Normalise digits and encode labels as the recipe asks.

    Returns:
        float32 [N, 28, 28, 1] in 0..1, and labels one-hot float32 [N, 10] or uint8 [N].
    """
    labels = np.eye(NUM_CLASSES, dtype=np.float32)[part.labels] if recipe.one_hot else part.labels
    return normalise(part.images), labels


def normalise(images: Images) -> npt.NDArray[np.float32]:
    """Turn uint8 [N, 28, 28] into float32 [N, 28, 28, 1] in 0..1, the chapter's `/ 255`."""
    return images[..., np.newaxis].astype(np.float32) / np.float32(255)


def read_state(run_dir: Path) -> RunState:
    """Read what a run directory remembers.

    Raises:
        CheckpointError: If it is no run directory.
    """
    try:
        return RunState(**json.loads((run_dir / STATE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as cause:
        raise CheckpointError(
            f"{run_dir} holds no readable run ({STATE}). Name the --out of a training run."
        ) from cause


def compile_network(recipe: Recipe, *, convolution: Any = BlockConv2D) -> Any:
    """Build the recipe's network and make it ready to train.

    XLA is off: it makes these networks three to four times slower on a CPU.
    """
    network = recipe.network(convolution)
    network.compile(
        loss=recipe.loss, optimizer=recipe.optimizer, metrics=["accuracy"], jit_compile=False
    )
    return network


def _start_or_resume(
    recipe: Recipe, out_dir: Path, mnist: Mnist, seed: int
) -> tuple[RunState, Any]:
    """Build a fresh network, or load the checkpoint after checking that it is of this run."""
    wanted = RunState(recipe.name, seed, dict(mnist.md5), recipe.batch_size)
    if not (out_dir / STATE).is_file():
        out_dir.mkdir(parents=True, exist_ok=True)
        keras.utils.set_random_seed(seed)
        return wanted, compile_network(recipe)
    found = read_state(out_dir)
    for name in ("recipe", "seed", "data", "batch_size"):
        if getattr(found, name) != getattr(wanted, name):
            raise CheckpointError(
                f"{out_dir} holds a run with {name} {getattr(found, name)}, and {getattr(wanted, name)} "
                "was asked for. Name another --out, or remove that directory."
            )
    checkpoint = out_dir / f"epoch-{len(found.history)}-{CHECKPOINT}"
    if not checkpoint.is_file():
        raise CheckpointError(f"{out_dir} lacks {checkpoint.name}. Remove that directory.")
    return found, keras.models.load_model(checkpoint, custom_objects={"BlockConv2D": BlockConv2D})


def _seed_dropout(network: Any, seed: int, epoch: int) -> None:
    """Derive the dropout masks of an epoch from the seed; Keras keeps no generator in a checkpoint."""
    dropouts = [layer for layer in network.layers if isinstance(layer, keras.layers.Dropout)]
    for index, layer in enumerate(dropouts):
        words = np.random.SeedSequence([seed, epoch, index]).generate_state(2)
        layer.seed_generator.state.assign(words & 0x7FFFFFFF)


class _StepReporter(keras.callbacks.Callback):  # type: ignore[misc]  # Keras publishes no types
    """Pass the scores after every step on to a progress function."""

    def __init__(self, epoch: int, on_step: Progress) -> None:
        super().__init__()
        self.epoch = epoch
        self.on_step = on_step

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Report the step that ended."""
        self.on_step(self.epoch, batch + 1, self.params["steps"], logs or {})


def _save(out_dir: Path, state: RunState, network: Any) -> None:
    """Write weights, optimizer, state and history; a stop at any point loses no finished epoch.

    The state names the number of epochs, and with it its checkpoint: the new checkpoint is there before
    the state that asks for it, the old one goes after.
    """
    epochs = len(state.history)
    with tempfile.TemporaryDirectory(dir=out_dir) as folder:
        network.save(Path(folder) / CHECKPOINT)
        (Path(folder) / CHECKPOINT).replace(out_dir / f"epoch-{epochs}-{CHECKPOINT}")
    _write(out_dir / STATE, json.dumps(asdict(state), indent=1))
    (out_dir / f"epoch-{epochs - 1}-{CHECKPOINT}").unlink(missing_ok=True)
    _write(out_dir / HISTORY_JSON, json.dumps(state.history, indent=1))
    _write(out_dir / HISTORY_CSV, history_csv(state.history))


def history_csv(history: list[EpochRecord]) -> str:
    """Write a history as CSV: a header, then one line per epoch, counted from 1."""
    columns = (*METRICS, "seconds")
    lines = [",".join(("epoch", *columns))]
    for epoch, record in enumerate(history, start=1):
        lines.append(",".join([str(epoch), *(f"{record[name]:.6f}" for name in columns)]))  # type: ignore[literal-required]  # columns are its keys
    return "\n".join(lines) + "\n"


def _write(path: Path, text: str) -> None:
    """Write a file in one step."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _plain(recipe: Recipe, trained: Any) -> Any:
    """Put trained weights into the network of Keras's own layers."""
    network = compile_network(recipe, convolution=keras.layers.Conv2D)
    network.set_weights(trained.get_weights())
    return network


def predict(network: Any, images: Images) -> npt.NDArray[np.float32]:
    """Compute probabilities float32 [N, 10] of uint8 [N, 28, 28] digits with the Keras network."""
    probabilities: npt.NDArray[np.float32] = network.predict(
        normalise(images), batch_size=500, verbose=0
    )
    return probabilities

