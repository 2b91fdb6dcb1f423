"""The pipeline: Ray Data gives parts to workers and hands back their tallies as they come.

    parts -> Ray Data -> actors, each with a Scorer -> tallies

The only module of the package that imports Ray.
"""

import logging
import os
from collections.abc import Iterator, Sequence

from service.bulk import BulkError
from service.bulk.parts import Part, write_part
from service.bulk.scorer import Job, Scorer, Tally

# Before the import, and only unless the operator wants them: reports to Ray's makers, and a note on GPUs.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

import ray
from ray.data import ActorPoolStrategy, DataContext, from_items
from ray.exceptions import RayError

OBJECT_STORE_BYTES = 100_000_000  # parts are names and tallies numbers; Ray's least is 75 MiB
ATTEMPTS = 3  # at a start, for which Ray waits 30 seconds, too few on a machine that is busy
RESTARTS = 20  # of a worker, which may lose its machine now and then; what a part costs is counted (`attempts`)
PARTS_AHEAD = 2  # of a worker: one in work, one that waits for it


def start_ray(address: str | None, num_workers: int) -> int:
    """Start Ray on this machine, or join a cluster, and return how many workers there will be.

    Args:
        address: Of a cluster, or None.
        num_workers: How many are wanted; 0 means as many as the cluster has CPUs.

    Raises:
        BulkError: If the cluster does not answer, or Ray does not start.
    """
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    try:
        if address is None:
            _start_here(num_workers)
        else:
            ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
    except Exception as cause:  # Ray raises many kinds, and that very one when it starts slowly
        raise BulkError(
            f"There is no Ray cluster at {address}. Check the address, and that the versions of Ray are the same."
            if address
            else "Ray did not start on this machine in three attempts. Try again when it is less busy."
        ) from cause
    return num_workers or max(1, int(ray.cluster_resources().get("CPU", 1)))


def _start_here(num_workers: int) -> None:
    """Start Ray on this machine, with little beside the workers."""
    for attempt in range(ATTEMPTS):
        try:
            ray.init(
                address="local",
                num_cpus=num_workers,
                include_dashboard=False,
                object_store_memory=OBJECT_STORE_BYTES,
                logging_level=logging.CRITICAL,
                log_to_driver=False,
            )
        except Exception:  # a plain one
            ray.shutdown()
            if attempt == ATTEMPTS - 1:
                raise
        else:
            return


def score(parts: Sequence[Part], job: Job, num_workers: int) -> Iterator[Tally]:
    """Have parts scored, and yield a tally for each as it comes.

    Raises:
        BulkError: If a worker fails; what has a result keeps it.
    """
    _quieten()
    rows = from_items([write_part(part) for part in parts], override_num_blocks=len(parts))
    tallies = rows.map_batches(
        Scorer,
        fn_constructor_args=(job,),
        batch_size=None,
        batch_format="pyarrow",
        compute=ActorPoolStrategy(
            size=min(num_workers, len(parts)), max_tasks_in_flight_per_actor=PARTS_AHEAD
        ),
        num_cpus=1,
        max_restarts=RESTARTS,
    )
    try:
        for row in tallies.iter_rows():
            tally = Tally(**row)
            if tally.failure:
                raise _failure(tally.failure)
            yield tally
    except RayError as cause:
        raise _failure("Ray lost it, or it could not load the model.") from cause


def _failure(reason: str) -> BulkError:
    """Return the error of a worker."""
    return BulkError(
        f"A worker failed. {reason} Mend that and give the same command again: it goes on where this run stopped."
    )


def _quieten() -> None:
    """Have Ray Data draw nothing: the command shows progress in its own way."""
    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.execution_no_progress_timeout_s = -1  # a block of large photos takes minutes
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # it logs what is raised
