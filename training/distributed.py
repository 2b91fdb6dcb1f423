"""Trains one network by several replicas, as `training.run` does by one.

chief: run directory -> Replicas -> epochs, saved; every other worker: the chief's weights -> Replicas -> epochs

The chief alone has a run directory.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from training.checkpoints import EpochRecord, save
from training.cluster import Cluster
from training.data import Mnist
from training.errors import ClusterError
from training.feeding import make_feed
from training.recipes import Recipe
from training.replicas import Replicas
from training.run import Progress, TrainedRun, deployed, record, start_or_resume


@dataclass(frozen=True)
class Chief:
    """The process that leads a cluster and writes what the run leaves behind.

    Attributes:
        cluster: Who trains; this process is its chief.
    """

    cluster: Cluster

    def train(
        self,
        recipe: Recipe,
        out_dir: Path,
        mnist: Mnist,
        *,
        seed: int,
        on_step: Progress | None = None,
        on_epoch: Callable[[int, EpochRecord], None] | None = None,
    ) -> TrainedRun:
        """Train a recipe, or go on with the run that `out_dir` holds; as `training.run.train`.

        `on_step` is told the scores of this process's own digits.

        Raises:
            CheckpointError: If `out_dir` holds a run of another recipe, seed or data.
            ClusterError: If the batch cannot be shared evenly, a worker is lost, or they were started unalike.
        """
        with explaining_lost_workers(self.cluster):
            replicas = Replicas(self.cluster, recipe, mnist, seed)
            state, network = start_or_resume(recipe, out_dir, mnist, seed)
            replicas.begin(network, len(state.history))
            feed = make_feed(recipe, mnist)
            for epoch in range(len(state.history), recipe.epochs):
                started = time.perf_counter()
                scores = replicas.fit_epoch(feed, seed=seed, epoch=epoch, on_step=on_step)
                state.history.append(record(scores, time.perf_counter() - started))
                replicas.copy_to(network)
                save(out_dir, state, network)
                if on_epoch:
                    on_epoch(epoch, state.history[-1])
        return TrainedRun(recipe, deployed(recipe, network, mnist), state, out_dir)


def follow(cluster: Cluster, recipe: Recipe, mnist: Mnist, *, seed: int) -> None:
    """Train with a cluster as one of its workers, from where the chief begins; leave nothing behind.

    Args:
        cluster: Who trains.
        recipe: What to train; the chief's.
        mnist: Digits to train and validate on; the chief's.
        seed: Seed of the run; the chief's.

    Raises:
        ClusterError: If the batch cannot be shared evenly, a worker is lost, or they were started unalike.
    """
    with explaining_lost_workers(cluster):
        replicas = Replicas(cluster, recipe, mnist, seed)
        finished = replicas.begin(None, 0)
        feed = make_feed(recipe, mnist)
        for epoch in range(finished, recipe.epochs):
            replicas.fit_epoch(feed, seed=seed, epoch=epoch)


# What TensorFlow raises where a peer is gone, or answers no more. Others, as of full memory, are this worker's own.
LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
)


@contextmanager
def explaining_lost_workers(cluster: Cluster) -> Iterator[None]:
    """Explain what TensorFlow raises when another worker is gone, and nothing else.

    Raises:
        ClusterError: If one is gone.
    """
    try:
        yield
    except LOST as cause:
        if not cluster.workers:
            raise
        raise ClusterError(
            f"Worker {cluster.index} lost another of {', '.join(cluster.workers)}. Start all of them again "
            "with the same command: it goes on after the last finished epoch."
        ) from cause
