"""The processes and devices that train one network together, by `tf.distribute`.

--strategy + TF_CONFIG -> checked -> Cluster -> tf.distribute strategy

`mirrored` is one process with several devices, `multiworker` one process on each of several machines.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
from tensorflow.python.eager import context

from training.errors import ClusterError

STRATEGIES = ("none", "mirrored", "multiworker")
HEARTBEAT_TIMEOUT_S = 20  # a worker that is silent for so long is lost
START_TIMEOUT_S = 600  # for all workers to come; each has rendered its uploads before
COLLECTIVE_TIMEOUT_S = 300.0  # for the slowest worker to reach a step, and the chief's checkpoint
HOW_TO_CONFIGURE = (
    'Give every worker TF_CONFIG={"cluster": {"worker": ["HOST:PORT", ...]}, '
    '"task": {"type": "worker", "index": N}}: the same list of at least two, and its own N from 0.'
)


@dataclass(frozen=True)
class Cluster:
    """Who trains together, and which of them this process is.

    Attributes:
        strategy: `mirrored` or `multiworker`.
        workers: Addresses, HOST:PORT, in the order that all know; empty for `mirrored`.
        index: Place of this process among them, from 0.
    """

    strategy: str
    workers: tuple[str, ...] = ()
    index: int = 0

    @property
    def is_chief(self) -> bool:
        """Whether this process writes what the run leaves behind."""
        return self.index == 0

    def connect(self) -> Any:
        """Make the `tf.distribute` strategy; waits for all workers, at most `START_TIMEOUT_S`.

        It must come before anything else that TensorFlow does in this process.

        Raises:
            ClusterError: If not all workers come.
        """
        if self.strategy == "mirrored":
            return tf.distribute.MirroredStrategy(_local_devices())
        _watch_workers(len(self.workers))
        options = tf.distribute.experimental.CommunicationOptions(
            timeout_seconds=COLLECTIVE_TIMEOUT_S
        )
        try:
            return tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)
        except tf.errors.OpError as cause:
            raise ClusterError(
                f"Worker {self.index} waited {START_TIMEOUT_S} s, but not all of {', '.join(self.workers)} "
                "came, or its own address is taken. Start one process for each of them."
            ) from cause


def find_cluster(strategy: str, environment: Mapping[str, str] = os.environ) -> Cluster:
    """Read who trains together from the strategy and the environment's `TF_CONFIG`.

    Args:
        strategy: `mirrored` or `multiworker`.
        environment: Environment variables.

    Raises:
        ClusterError: If `TF_CONFIG` is missing, unreadable or contradicts itself, or is there for `mirrored`.
    """
    text = environment.get("TF_CONFIG")
    if strategy == "mirrored" and text is None:
        return Cluster(strategy)
    if strategy == "mirrored":
        raise ClusterError(
            "--strategy mirrored is for one machine, but TF_CONFIG is set, which names several. "
            "Unset TF_CONFIG, or use --strategy multiworker."
        )
    if not text:
        raise ClusterError(f"--strategy multiworker needs TF_CONFIG. {HOW_TO_CONFIGURE}")
    try:
        config = json.loads(text)
        workers, task = config["cluster"]["worker"], config["task"]
        kind, index = task["type"], int(task["index"])
    except (ValueError, TypeError, KeyError) as cause:
        raise ClusterError(f"TF_CONFIG names no workers or no task. {HOW_TO_CONFIGURE}") from cause
    _check_workers(config["cluster"], workers, kind, index)
    return Cluster(strategy, tuple(workers), index)


def _check_workers(jobs: dict[str, Any], workers: Any, kind: Any, index: int) -> None:
    """Refuse a cluster that could only hang or fail later."""
    if set(jobs) != {"worker"} or kind != "worker":
        raise ClusterError(
            f"TF_CONFIG has tasks of other types than worker; the first worker leads. {HOW_TO_CONFIGURE}"
        )
    if not isinstance(workers, list) or not all(_is_address(worker) for worker in workers):
        raise ClusterError(f"TF_CONFIG's workers are not HOST:PORT each. {HOW_TO_CONFIGURE}")
    if len(workers) < 2 or len(set(workers)) < len(workers):
        raise ClusterError(
            f"TF_CONFIG names {len(set(workers))} different workers of {len(workers)}. {HOW_TO_CONFIGURE}"
        )
    if not 0 <= index < len(workers):
        raise ClusterError(
            f"TF_CONFIG has index {index} of {len(workers)} workers. {HOW_TO_CONFIGURE}"
        )


def _is_address(worker: Any) -> bool:
    """Tell whether it is HOST:PORT."""
    host, _, port = worker.rpartition(":") if isinstance(worker, str) else ("", "", "")
    return bool(host) and port.isdecimal() and 0 < int(port) < 65536


def _watch_workers(number: int) -> None:
    """Have TensorFlow's coordination service notice a lost worker in seconds; by default it takes minutes."""
    job = context.coordination_config_pb2.CoordinatedJob(name="worker", num_tasks=number)
    context.context().configure_coordination_service(
        service_type="standalone",
        service_leader="/job:worker/replica:0/task:0",
        coordinated_jobs=[job],
        cluster_register_timeout_in_ms=START_TIMEOUT_S * 1000,
        heartbeat_timeout_in_ms=HEARTBEAT_TIMEOUT_S * 1000,
    )


def _local_devices() -> list[str]:
    """Name the GPUs, or where there is none the logical CPUs, of which there is one unless configured."""
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return [device.name for device in devices]
