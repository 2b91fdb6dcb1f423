"""Shows a training run: a live bar with the time left, and one line an epoch that stays."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from training.checkpoints import EpochRecord, read_state
from training.data import Mnist, split
from training.recipes import Recipe
from training.run import Train, TrainedRun, train
from training.upload_sets import training_uploads, validation_uploads

SPEED_WINDOW_S = 60  # over which the time left is estimated; bridges the pause for validation


def train_visibly(
    recipe: Recipe,
    out_dir: Path,
    mnist: Mnist,
    *,
    seed: int,
    console: Console,
    train: Train = train,
) -> TrainedRun:
    """Render what is missing, train, and show both; where the console is no terminal, one line an epoch.

    Args:
        recipe: What to train.
        out_dir: Run directory.
        mnist: Digits to train and validate on.
        seed: Seed of the run.
        console: Where to show it.
        train: What trains; by default this process alone.

    Raises:
        CheckpointError: If `out_dir` holds a run of another recipe, seed or data.
        ClusterError: If other workers cannot train with this one.
    """
    render_visibly(recipe, out_dir, mnist, console)
    bar = _bar(console)
    task = bar.add_task(f"{recipe.name}, seed {seed}", total=None, scores="")

    def on_step(epoch: int, done: int, steps: int, scores: dict[str, float]) -> None:
        completed = epoch * steps + done
        if bar.tasks[0].total is None:  # a resumed run must not count as done at endless speed
            bar.reset(task, total=recipe.epochs * steps, completed=completed)
        bar.update(
            task,
            completed=completed,
            description=f"{recipe.name}, seed {seed}, epoch {epoch + 1}/{recipe.epochs}",
            scores=f"loss {scores.get('loss', 0):.4f} accuracy {scores.get('accuracy', 0):.2%}",
        )

    def on_epoch(epoch: int, record: EpochRecord) -> None:
        console.print(
            epoch_line(recipe, epoch, record), highlight=False, markup=False, soft_wrap=True
        )

    with bar:
        return train(recipe, out_dir, mnist, seed=seed, on_step=on_step, on_epoch=on_epoch)


def render_visibly(recipe: Recipe, out_dir: Path | None, mnist: Mnist, console: Console) -> None:
    """Render the uploads that a run takes and the cache lacks; a finished one trains on none.

    Without `out_dir` it is any run.
    """
    if recipe.diet is None:
        return
    training, validation = split(mnist, recipe.validation_share)
    found = read_state(out_dir) if out_dir else None
    if found is None or len(found.history) < recipe.epochs:
        _show(console, recipe, "training", partial(training_uploads, recipe.diet, training))
    _show(console, recipe, "validation", partial(validation_uploads, validation))


def _show(console: Console, recipe: Recipe, what: str, render: Callable[..., object]) -> None:
    """Render, and show a bar."""
    with _bar(console) as bar:
        task = bar.add_task(f"{recipe.name}, uploads for {what}", total=None, scores="")
        render(on_shard=partial(_show_shards, bar, task))


def _show_shards(bar: Progress, task: TaskID, done: int, total: int) -> None:
    """Move a bar to the shards done."""
    bar.update(task, completed=done, total=total)


def _bar(console: Console) -> Progress:
    """Make a bar that goes when it is full; there is none where the console is no terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[scores]}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
        speed_estimate_period=SPEED_WINDOW_S,
    )


def epoch_line(recipe: Recipe, epoch: int, record: EpochRecord) -> str:
    """Describe an epoch (counted from 0) as the chapter's section 8.4 prints it."""
    return (
        f"Epoch {epoch + 1}/{recipe.epochs} - {record['seconds']:.0f}s"
        f" - loss: {record['loss']:.4f} - accuracy: {record['accuracy']:.4f}"
        f" - val_loss: {record['val_loss']:.4f} - val_accuracy: {record['val_accuracy']:.4f}"
    )
