"""The run directory: what a training run remembers, written so that a stop loses no finished epoch.

state.json (recipe, seed, data, history) + epoch-<n>-checkpoint.keras (weights, optimizer)

Imports Keras only to check networks; knows nothing of how they are trained.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import keras

from training.errors import CheckpointError
from training.layers import BlockConv2D

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
        data: MD5 of the raw data files.
        batch_size: Digits per step.
        history: One record per finished epoch.
    """

    recipe: str
    seed: int
    data: dict[str, str]
    batch_size: int
    history: list[EpochRecord] = field(default_factory=list)


def read_state(run_dir: Path) -> RunState | None:
    """Read what a run directory remembers, None if it holds no run.

    Raises:
        CheckpointError: If its state file is not one of ours.
    """
    try:
        return RunState(**json.loads((run_dir / STATE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as cause:
        raise CheckpointError(
            f"{run_dir / STATE} is not the state of a run. Remove that directory and train anew."
        ) from cause


def check_same_run(found: RunState, wanted: RunState, run_dir: Path) -> None:
    """Refuse to go on with another run.

    Raises:
        CheckpointError: If recipe, seed, data or batch size differ.
    """
    for name in ("recipe", "seed", "data", "batch_size"):
        theirs, ours = getattr(found, name), getattr(wanted, name)
        if theirs != ours:
            what = "other data" if name == "data" else f"{name} {theirs}, and {ours} was asked for"
            raise CheckpointError(
                f"{run_dir} holds a run with {what}. Name another --out, or remove that directory."
            )


def load_network(run_dir: Path, state: RunState, fresh: Any) -> Any:
    """Load the network and optimizer of a run's last finished epoch.

    Args:
        run_dir: Run directory.
        state: Its state, with at least one epoch.
        fresh: The recipe's network, whose weights must have the same shapes.

    Raises:
        CheckpointError: If the checkpoint is missing, damaged, or of another network.
    """
    checkpoint = checkpoint_path(run_dir, len(state.history))
    try:
        network = keras.models.load_model(checkpoint, custom_objects={"BlockConv2D": BlockConv2D})
    except (OSError, ValueError) as cause:
        raise CheckpointError(
            f"{checkpoint} is missing or damaged. Remove {run_dir} and train anew."
        ) from cause
    if [weight.shape for weight in network.weights] != [weight.shape for weight in fresh.weights]:
        raise CheckpointError(
            f"{checkpoint} holds another network than the recipe {state.recipe} has now. "
            f"Remove {run_dir} and train anew."
        )
    return network


def save(run_dir: Path, state: RunState, network: Any) -> None:
    """Write weights, optimizer, history and state; a stop at any point loses no finished epoch.

    The state names the number of epochs, and with it its checkpoint: the new checkpoint is there
    before the state that asks for it, and the old one goes after.
    """
    epochs = len(state.history)
    draft = run_dir / ".checkpoint.keras"  # Keras insists on the suffix
    network.save(draft)
    draft.replace(checkpoint_path(run_dir, epochs))
    write_text(run_dir / HISTORY_JSON, json.dumps(state.history, indent=1) + "\n")
    write_text(run_dir / HISTORY_CSV, history_csv(state.history))
    write_text(run_dir / STATE, json.dumps(asdict(state), indent=1) + "\n")
    checkpoint_path(run_dir, epochs - 1).unlink(missing_ok=True)


def checkpoint_path(run_dir: Path, epochs: int) -> Path:
    """Return where the checkpoint after that many epochs lies."""
    return run_dir / f"epoch-{epochs}-checkpoint.keras"


def history_csv(history: list[EpochRecord]) -> str:
    """Write a history as CSV: a header, then one line per epoch, counted from 1."""
    lines = [",".join(("epoch", *METRICS, "seconds"))]
    for epoch, record in enumerate(history, start=1):
        scores = [record["accuracy"], record["loss"], record["val_accuracy"], record["val_loss"]]
        values = [*scores, record["seconds"]]
        lines.append(",".join([str(epoch), *(f"{value:.6f}" for value in values)]))
    return "\n".join(lines) + "\n"


def write_text(path: Path, text: str) -> None:
    """Write a file in one step, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
