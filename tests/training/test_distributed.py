"""Tests of training by several replicas: two processes on loopback, and two devices of one process.

The recipe `batch` of `cluster_worker` draws no masks, so that equal steps give equal weights.
"""

import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.training.cluster_worker import BATCH, few_digits
from training.checkpoints import RunState, load_network, read_state
from training.cluster import Cluster
from training.distributed import LOST, explaining_lost_workers
from training.errors import ClusterError
from training.run import TrainedRun, train

pytestmark = pytest.mark.tensorflow

ROOT = Path(__file__).parents[2]
BOUND_S = 240  # for a loaded machine; a lost worker is noticed within twenty seconds


@dataclass(frozen=True)
class Job:
    """A job that ended: exit codes and output of its workers, and its run directory."""

    codes: list[int]
    outputs: list[str]
    directory: Path

    @property
    def state(self) -> RunState:
        """What the run directory remembers."""
        state = read_state(self.directory)
        assert state is not None
        return state


def free_addresses(number: int) -> list[str]:
    """Find addresses on loopback that nobody listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for listener in sockets:
            listener.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{listener.getsockname()[1]}" for listener in sockets]


def start(out: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    """Start a worker."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.training.cluster_worker", str(out), *arguments],
        cwd=ROOT,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run_job(folder: Path, *fatal: str, victim: int = 1) -> Job:
    """Train with two workers; one is killed when the epoch `fatal` begins."""
    addresses = free_addresses(2)
    workers = []
    for index in range(2):
        extra = fatal if index == victim else ()
        config = {
            "cluster": {"worker": addresses},
            "task": {"type": "worker", "index": index},
        }
        out = folder / f"run-{index}"
        workers.append(start(out, "multiworker", "batch", *extra, TF_CONFIG=json.dumps(config)))
    return finish(workers, folder / "run-0")


def finish(workers: list[subprocess.Popen[str]], out: Path) -> Job:
    """Wait for workers, within a bound."""
    try:
        outputs = [worker.communicate(timeout=BOUND_S)[0] for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    return Job([worker.returncode for worker in workers], outputs, out)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A job whose second worker was killed when the second epoch began."""
    return run_job(tmp_path_factory.mktemp("job"), "1")


@pytest.fixture(scope="module")
def epochs_after_kill(killed: Job) -> int:
    """Finished epochs that the killed job left."""
    return len(killed.state.history)


@pytest.fixture(scope="module")
def resumed(killed: Job, epochs_after_kill: int) -> Job:
    """The same job, started again."""
    return run_job(killed.directory.parent)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> TrainedRun:
    """The run of one process."""
    return train(BATCH, tmp_path_factory.mktemp("alone"), few_digits(), seed=1)


def assert_equal_up_to_rounding(job: Job, alone: TrainedRun) -> None:
    """Compare history and weights after three epochs of seven steps."""
    for epoch, expected in zip(job.state.history, alone.state.history, strict=True):
        assert epoch["loss"] == pytest.approx(expected["loss"], rel=1e-3)
        assert epoch["val_loss"] == pytest.approx(expected["val_loss"], rel=1e-3)
    network = load_network(job.directory, job.state, BATCH.network())
    pairs = zip(network.get_weights(), alone.network.get_weights(), strict=True)
    for weights, others in pairs:
        np.testing.assert_allclose(weights, others, atol=1e-3)


class TestLostWorker:
    """Of a job that loses a worker."""

    def test_stops_with_a_clear_error(self, killed: Job) -> None:
        """The chief ends, and says how to go on."""
        assert killed.codes == [1, -9], killed.outputs
        assert "Error: Worker 0 lost another of 127.0.0.1:" in killed.outputs[0], killed.outputs
        assert "it goes on after the last finished epoch" in killed.outputs[0]

    def test_keeps_the_finished_epochs(self, epochs_after_kill: int) -> None:
        """One, since the second was cut off."""
        assert epochs_after_kill == 1

    def test_goes_on_after_the_last_finished_epoch(self, resumed: Job) -> None:
        """It trains the other two, and no more."""
        assert resumed.codes == [0, 0], resumed.outputs
        assert "Epoch 1/3" not in resumed.outputs[0]
        assert "Epoch 3/3" in resumed.outputs[0]


class TestLostChief:
    """Of a job that loses the worker which leads."""

    def test_stops_and_goes_on(self, tmp_path: Path) -> None:
        """The other worker ends with a clear error, and the same commands go on after the last finished epoch."""
        job = run_job(tmp_path, "1", victim=0)
        epochs = len(job.state.history)
        again = run_job(tmp_path)

        assert job.codes == [-9, 1], job.outputs
        assert "Error: Worker 1 lost another of 127.0.0.1:" in job.outputs[1], job.outputs
        assert epochs == 1
        assert again.codes == [0, 0], again.outputs
        assert "Epoch 1/3" not in again.outputs[0]
        assert len(again.state.history) == 3


class TestExplainingLostWorkers:
    """Of `explaining_lost_workers`."""

    CLUSTER = Cluster("multiworker", ("a:1", "b:2"))

    @pytest.mark.parametrize("error", LOST)
    def test_lost(self, error: type[tf.errors.OpError]) -> None:
        """What a peer's end raises is told as that."""
        with (
            pytest.raises(ClusterError, match="Worker 0 lost another of a:1, b:2"),
            explaining_lost_workers(self.CLUSTER),
        ):
            raise error(None, None, "Socket closed")

    @pytest.mark.parametrize(
        "error",
        [
            tf.errors.ResourceExhaustedError,
            tf.errors.InvalidArgumentError,
            tf.errors.InternalError,
        ],
    )
    def test_of_its_own(self, error: type[tf.errors.OpError]) -> None:
        """Memory that is full and the like is no lost worker, and comes through."""
        with pytest.raises(error), explaining_lost_workers(self.CLUSTER):
            raise error(None, None, "OOM when allocating tensor")

    def test_of_one_process(self) -> None:
        """Who has no peers has lost none."""
        with (
            pytest.raises(tf.errors.UnavailableError),
            explaining_lost_workers(Cluster("mirrored")),
        ):
            raise tf.errors.UnavailableError(None, None, "anything")


class TestSeveralWorkers:
    """Of a job of two processes."""

    def test_equals_one_process(self, resumed: Job, alone: TrainedRun) -> None:
        """The same batches, also a last, shorter one, and the same statistics of a batch."""
        assert_equal_up_to_rounding(resumed, alone)

    def test_leaves_the_same_files(self, resumed: Job, alone: TrainedRun) -> None:
        """And the report."""
        names = {path.name for path in alone.directory.iterdir()}

        assert {path.name for path in resumed.directory.iterdir()} == names | {"report"}

    def test_only_the_chief_writes(self, resumed: Job) -> None:
        """The other worker has no run directory."""
        assert "Worker 1 is done; worker 0 has the run." in resumed.outputs[1]
        assert [path.name for path in resumed.directory.parent.iterdir()] == ["run-0"]

    def test_one_process_can_go_on(self, resumed: Job) -> None:
        """Its run is one like any other."""
        again = train(BATCH, resumed.directory, few_digits(), seed=1)

        assert len(again.history["loss"]) == 3


class TestSeveralDevices:
    """Of one process with two devices."""

    def test_equals_one_device(self, tmp_path: Path, alone: TrainedRun) -> None:
        """Its weights are those of one process, up to rounding."""
        job = finish([start(tmp_path, "mirrored", "batch")], tmp_path)

        assert job.codes == [0], job.outputs
        assert_equal_up_to_rounding(job, alone)

    def test_learns_with_dropout(self, tmp_path: Path) -> None:
        """Replicas draw masks, and the loss sinks."""
        job = finish([start(tmp_path, "mirrored", "masked")], tmp_path)

        assert job.codes == [0], job.outputs
        assert job.state.history[2]["loss"] < job.state.history[0]["loss"]
