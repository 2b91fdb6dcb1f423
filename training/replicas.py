"""Replicas: the copies of a network that take every step together, each with its share of the batch.

global batch -> each replica's share -> gradients of its part of the mean, summed over all -> the same step everywhere

A step takes the same digits as that of one process and gives the same weights up to rounding; dropout
draws other masks.
"""

import hashlib
import json
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from training.cluster import Cluster
from training.data import Mnist
from training.errors import ClusterError
from training.feeding import Feed, UploadFeed
from training.recipes import INPUT_SHAPE, NUM_CLASSES, Recipe
from training.run import STEPS_PER_CALL, Progress, compile_network, dropouts, seed_dropout

MASKS_APART = 7_919  # between two replicas' seeds of dropout; a prime


class Replicas:
    """The copies of a network, one a device of the cluster, that take every step together.

    Args:
        cluster: Where they are.
        recipe: What to train.
        mnist: Digits to train and validate on.
        seed: Seed of the run.

    Raises:
        ClusterError: If not all workers come, were started unalike, or cannot share a batch evenly.
    """

    def __init__(self, cluster: Cluster, recipe: Recipe, mnist: Mnist, seed: int) -> None:
        self._strategy = cluster.connect()
        self._is_chief = cluster.is_chief
        self._recipe = recipe
        signature = _signature(recipe)
        self._sum_over_all = tf.function(
            self._sum_of_all, input_signature=[tf.TensorSpec([None], tf.float64)]
        )
        self._train_step = tf.function(self._train_all, input_signature=signature)
        self._score_step = tf.function(self._score_all, input_signature=signature)
        self._check_alike(_identity(recipe, mnist, seed))
        self._check_shares()
        with self._strategy.scope():
            self._network = compile_network(recipe, steps=recipe.steps)
            self._network.optimizer.build(self._network.trainable_variables)
            _train_as_one(self._network)

    def begin(self, network: Any | None, finished: int) -> int:
        """Give all replicas the chief's weights and optimizer, and its number of finished epochs.

        Args:
            network: The chief's network; None for any other worker.
            finished: The chief's finished epochs; 0 for any other worker.

        Returns:
            The chief's finished epochs.
        """
        variables = _variables(self._network)
        mine = [np.zeros(variable.shape) for variable in variables]
        if network is not None:
            network.optimizer.build(network.trainable_variables)
            mine = [variable.numpy() for variable in _variables(network)]
        flat = [np.ravel(value).astype(np.float64) for value in mine]
        theirs = self._sum(np.concatenate([[finished], *flat]))
        ends = np.cumsum([len(value) for value in flat])[:-1]
        for variable, value in zip(variables, np.split(theirs[1:], ends), strict=True):
            variable.assign(value.reshape(variable.shape).astype(variable.dtype))
        return int(theirs[0])

    def copy_to(self, network: Any) -> None:
        """Copy weights and optimizer into a network of one process."""
        for variable, source in zip(_variables(network), _variables(self._network), strict=True):
            variable.assign(source.numpy())

    def fit_epoch(
        self, feed: Feed | UploadFeed, *, seed: int, epoch: int, on_step: Progress | None = None
    ) -> dict[str, float]:
        """Train one epoch and validate, as `training.run.fit_epoch` does; all workers call it together."""
        seed_dropout(self._network, seed, epoch)
        batches = feed.of_epoch(seed, epoch)
        num_steps, totals = len(batches), np.zeros(3)
        for step, (inputs, targets) in enumerate(batches, start=1):
            totals += self._train_step(inputs, targets).numpy()
            if on_step and (step % STEPS_PER_CALL == 0 or step == num_steps):
                on_step(epoch, step, num_steps, _means(totals))
        scores = np.zeros(3)
        for inputs, targets in feed.validation:
            scores += self._score_step(inputs, targets).numpy()
        validation = {f"val_{name}": mean for name, mean in _means(self._sum(scores)).items()}
        return {**_means(self._sum(totals)), **validation}

    def _train_all(self, inputs: Any, targets: Any) -> Any:
        """Take one step; return this process's sums of losses, right answers and digits."""
        return self._local_sum(self._strategy.run(self._train_share, args=(inputs, targets)))

    def _score_all(self, inputs: Any, targets: Any) -> Any:
        """Score one batch; return this process's sums of losses, right answers and digits."""
        return self._local_sum(self._strategy.run(self._score_share, args=(inputs, targets)))

    def _train_share(self, inputs: Any, targets: Any) -> Any:
        """Train one replica on its share: its part of the batch's mean loss, its gradients summed over all."""
        batch_size = tf.cast(tf.shape(inputs)[0], tf.float32)
        inputs, targets = _share(inputs), _share(targets)
        with tf.GradientTape() as tape:
            outputs = self._network(inputs, training=True)
            losses = _losses(self._recipe, targets, outputs)
            part = tf.reduce_sum(losses) / batch_size
        weights = self._network.trainable_variables
        self._network.optimizer.apply(tape.gradient(part, weights), weights)
        return _sums(losses, targets, outputs)

    def _score_share(self, inputs: Any, targets: Any) -> Any:
        """Score one replica's share."""
        inputs, targets = _share(inputs), _share(targets)
        outputs = self._network(inputs, training=False)
        return _sums(_losses(self._recipe, targets, outputs), targets, outputs)

    def _local_sum(self, values: Any) -> Any:
        """Add up what the replicas of this process gave."""
        return tf.add_n(self._strategy.experimental_local_results(values))

    def _sum(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Add up numbers [N] of all processes; float64 holds weights and counts exactly."""
        total: npt.NDArray[np.float64] = self._sum_over_all(values.astype(np.float64)).numpy()
        return total

    def _sum_of_all(self, values: Any) -> Any:
        """Add up float64 [N] of all processes, each counted once however many replicas it has."""
        strategy = self._strategy
        local = len(strategy.extended.worker_devices)

        def add(mine: Any) -> Any:
            replica = tf.distribute.get_replica_context()
            counts = tf.cast(_replica_id() % local == 0, tf.float64)
            return replica.all_reduce(tf.distribute.ReduceOp.SUM, mine * counts)

        return strategy.experimental_local_results(strategy.run(add, args=(values,)))[0]

    def _check_alike(self, identity: int) -> None:
        """Refuse to train with workers that were told something else."""
        total, workers = self._sum(np.array([identity, 1]))
        if total != identity * workers:
            raise ClusterError(
                "The workers were started with different recipes, seeds or data. "
                "Start all of them with the same command."
            )

    def _check_shares(self) -> None:
        """Refuse replicas that cannot share a batch evenly."""
        number, batch_size = self._strategy.num_replicas_in_sync, self._recipe.batch_size
        if batch_size % number:
            raise ClusterError(
                f"A step of {self._recipe.name!r} takes {batch_size} digits, which {number} replicas "
                f"cannot share evenly. Train with a number of them that divides {batch_size}."
            )


def _draw_apart(generator: Any, iterations: Any) -> None:
    """Have a generator's seeds differ by replica and by step, and follow from its state alone.

    Keras's own way counts in a variable, which no replica may write.
    """

    def next_seed(ordered: bool = True) -> Any:  # noqa: ARG001  # Keras's signature
        apart = tf.stack([_replica_id() * MASKS_APART, tf.cast(iterations.value, tf.int32)])
        state = tf.convert_to_tensor(generator.state.value)
        return state + tf.cast(apart, state.dtype)

    generator.next = next_seed


def _train_as_one(network: Any) -> None:
    """Let replicas draw masks of their own, and normalise by the whole batch instead of their share."""
    for layer in dropouts(network):
        _draw_apart(layer.seed_generator, network.optimizer.iterations)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True


def _identity(recipe: Recipe, mnist: Mnist, seed: int) -> int:
    """Return a number below 2**31 that tells what a worker was started with."""
    words = json.dumps([recipe.name, recipe.batch_size, recipe.epochs, seed, dict(mnist.md5)])
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:4], "big") >> 1


def _signature(recipe: Recipe) -> list[Any]:
    """Describe batches of any size, so that all workers trace each function once."""
    targets = (
        tf.TensorSpec([None, NUM_CLASSES], tf.float32)
        if recipe.one_hot
        else tf.TensorSpec([None], tf.uint8)
    )
    return [tf.TensorSpec([None, *INPUT_SHAPE], tf.float32), targets]


def _variables(network: Any) -> list[Any]:
    """List weights and optimizer's variables, in the order of any network of the recipe."""
    return [*network.weights, *network.optimizer.variables]


def _replica_id() -> Any:
    """Return the place of the running replica among all of them, int32, from 0."""
    return tf.cast(tf.distribute.get_replica_context().replica_id_in_sync_group, tf.int32)


def _share(batch: Any) -> Any:
    """Cut the running replica's share out of a batch; a last, shorter batch is shared to within one."""
    size, number = tf.shape(batch)[0], tf.distribute.get_strategy().num_replicas_in_sync
    return batch[_replica_id() * size // number : (_replica_id() + 1) * size // number]


def _losses(recipe: Recipe, targets: Any, outputs: Any) -> Any:
    """Compute the cross-entropy of every digit, float32 [N], in nats."""
    loss = keras.losses.get(recipe.loss)
    return (
        loss.call(targets, outputs)
        if isinstance(loss, keras.losses.Loss)
        else loss(targets, outputs)
    )


def _sums(losses: Any, targets: Any, outputs: Any) -> Any:
    """Add up losses, right answers and digits: float32 [3]."""
    labels = tf.argmax(targets, -1) if len(targets.shape) > 1 else tf.cast(targets, tf.int64)
    right = tf.cast(tf.argmax(outputs, -1) == labels, tf.float32)
    return tf.stack(
        [tf.reduce_sum(losses), tf.reduce_sum(right), tf.cast(tf.size(right), tf.float32)]
    )


def _means(sums: npt.NDArray[Any]) -> dict[str, float]:
    """Turn sums of losses, right answers and digits into scores."""
    loss, right, number = (float(value) for value in sums)
    return {"accuracy": right / max(number, 1), "loss": loss / max(number, 1)}
