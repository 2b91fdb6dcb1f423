"""What an epoch costs, beside plain `model.fit` of the same network, both in one run.

plain epoch, our epoch, our epoch, plain epoch, ... -> laps -> medians -> docs/results/timing/<recipe>.json
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import keras

from training.checkpoints import RunState, save, write_text
from training.data import Mnist
from training.errors import ResultsError, UnsuitableRecipeError
from training.evidence import describe_machine, describe_versions
from training.feeding import Feed, TrainingData, training_data
from training.recipes import DEFAULT_SEED, Recipe
from training.run import compile_network, fit_epoch

WARM_UP_STEPS = 2  # TensorFlow traces and allocates in the first

Epoch = Callable[[int], float]
"""Trains the epoch of that number, from 0, and returns the validation accuracy after it."""


@dataclass(frozen=True)
class EpochCost:
    """What one epoch took.

    Attributes:
        wall_s: Wall time in seconds; longer when the machine does other work too.
        cpu_s: Time on all cores in seconds, whatever else the machine does.
    """

    wall_s: float
    cpu_s: float


@dataclass(frozen=True)
class Lap:
    """One epoch of both kinds, one after the other.

    Attributes:
        digits: Training digits of each.
        plain: What plain Keras's took.
        ours: What ours took.
        plain_accuracy: Validation accuracy after it, 0..1.
        our_accuracy: The same after ours.
    """

    digits: int
    plain: EpochCost
    ours: EpochCost
    plain_accuracy: float
    our_accuracy: float


@dataclass(frozen=True)
class EpochTimes:
    """What whole epochs cost: training, validation and, for ours, the checkpoint.

    Attributes:
        recipe: Name of the recipe.
        digits: Training digits per epoch.
        plain: One per round, `model.fit` with Keras's own layers and settings.
        ours: One per round, as `training.run.train` does it.
        command: What measures this again.
        machine: Processor, cores and system.
        versions: Python's and the libraries' versions.
    """

    recipe: str
    digits: int
    plain: list[EpochCost]
    ours: list[EpochCost]
    command: str
    machine: str
    versions: str

    def ratio(self, cost: Callable[[EpochCost], float]) -> float:
        """Median over the rounds of our cost as a share of plain Keras's beside it."""
        pairs = zip(self.ours, self.plain, strict=True)
        return statistics.median(cost(ours) / cost(plain) for ours, plain in pairs)


def time_epochs(recipe: Recipe, mnist: Mnist, *, rounds: int, share: float) -> EpochTimes:
    """Time epochs of both kinds.

    Args:
        recipe: What to train.
        mnist: Digits to train and validate on.
        rounds: Epochs of each kind, after a warm-up; at least one.
        share: Share of the digits that an epoch takes, above 0 to 1.

    Raises:
        UnsuitableRecipeError: If it is trained on uploads, which plain Keras cannot make.
    """
    laps = list(race(recipe, mnist, rounds=rounds, share=share))
    return EpochTimes(
        recipe=recipe.name,
        digits=laps[0].digits,
        plain=[lap.plain for lap in laps],
        ours=[lap.ours for lap in laps],
        command=f"python -m training time --recipe {recipe.name} --rounds {rounds} --share {share}",
        machine=describe_machine(),
        versions=describe_versions(),
    )


def race(recipe: Recipe, mnist: Mnist, *, rounds: int, share: float) -> Iterator[Lap]:
    """Train both kinds in turn, so that a slow moment of the machine meets both.

    Args:
        recipe: What to train.
        mnist: Digits to train and validate on.
        rounds: Epochs of each kind, after a warm-up.
        share: Share of the digits that an epoch takes, above 0 to 1.

    Yields:
        A lap after each round; the networks go on learning from one to the next.

    Raises:
        UnsuitableRecipeError: If it is trained on uploads, which plain Keras cannot make.
    """
    if recipe.diet:
        raise UnsuitableRecipeError(
            f"The recipe {recipe.name!r} is trained on uploads that are varied anew in every epoch, which plain "
            "Keras does not do. Time a recipe that is trained on MNIST alone, such as textbook."
        )
    data = _first(training_data(recipe, mnist), share)
    with tempfile.TemporaryDirectory() as folder:
        plain, ours = _plain_epoch(recipe, data), _our_epoch(recipe, data, Path(folder))
        for number in range(rounds):
            order = (plain, ours) if number % 2 == 0 else (ours, plain)
            done = {epoch: _run(epoch, number) for epoch in order}
            (plain_cost, plain_accuracy), (our_cost, our_accuracy) = done[plain], done[ours]
            yield Lap(len(data.targets), plain_cost, our_cost, plain_accuracy, our_accuracy)


def write_epoch_times(times: EpochTimes, docs: Path) -> None:
    """Write `results/timing/<recipe>.json` under the documentation's directory."""
    text = json.dumps(asdict(times), indent=2) + "\n"
    write_text(docs / "results" / "timing" / f"{times.recipe}.json", text)


def read_epoch_times(path: Path) -> EpochTimes:
    """Read what `write_epoch_times` wrote.

    Raises:
        ResultsError: If the file is another.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        plain = [EpochCost(**cost) for cost in document.pop("plain")]
        ours = [EpochCost(**cost) for cost in document.pop("ours")]
        return EpochTimes(**document, plain=plain, ours=ours)
    except (ValueError, TypeError, KeyError, AttributeError) as cause:
        raise ResultsError(
            f"{path} does not hold times of epochs. Remove it, and write it anew with: "
            f"python -m training time --recipe {path.stem}"
        ) from cause


def _run(epoch: Epoch, number: int) -> tuple[EpochCost, float]:
    """Train one epoch; return what it took, and the validation accuracy after it."""
    started, cpu_started = time.perf_counter(), time.process_time()
    accuracy = epoch(number)
    cost = EpochCost(time.perf_counter() - started, time.process_time() - cpu_started)
    return cost, accuracy


def _first(data: TrainingData, share: float) -> TrainingData:
    """Keep the first share of the training and of the validation digits."""
    inputs, targets = data.validation
    at, validation_at = max(1, int(len(data.targets) * share)), max(1, int(len(targets) * share))
    validation = (inputs[:validation_at], targets[:validation_at])
    return TrainingData(data.inputs[:at], data.targets[:at], validation)


def _plain_epoch(recipe: Recipe, data: TrainingData) -> Epoch:
    """Return one epoch as the chapter trains it, warmed up."""
    network = recipe.network(keras.layers.Conv2D)
    network.compile(loss=recipe.loss, optimizer=recipe.optimizer, metrics=["accuracy"])

    def fit(part: TrainingData) -> float:
        history = network.fit(
            part.inputs,
            part.targets,
            batch_size=recipe.batch_size,
            validation_data=part.validation,
            verbose=0,
        ).history
        return float(history["val_accuracy"][-1])

    fit(_warm_up(recipe, data))
    return lambda _number: fit(data)


def _our_epoch(recipe: Recipe, data: TrainingData, folder: Path) -> Epoch:
    """Return one epoch as `train` does it, checkpoint included, warmed up."""
    network = compile_network(recipe)
    state = RunState(recipe.name, DEFAULT_SEED, {}, recipe.batch_size)
    warm_up, feed = (Feed(part, recipe.batch_size) for part in (_warm_up(recipe, data), data))
    fit_epoch(network, warm_up, seed=DEFAULT_SEED, epoch=0)

    def epoch(number: int) -> float:
        scores = fit_epoch(network, feed, seed=DEFAULT_SEED, epoch=number)
        state.history.append({**scores, "seconds": 0.0})  # type: ignore[typeddict-item]  # METRICS
        save(folder, state, network)
        return scores["val_accuracy"]

    return epoch


def _warm_up(recipe: Recipe, data: TrainingData) -> TrainingData:
    """Keep a few steps."""
    at = WARM_UP_STEPS * recipe.batch_size
    return replace(data, inputs=data.inputs[:at], targets=data.targets[:at])
