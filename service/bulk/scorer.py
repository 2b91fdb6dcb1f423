"""The scorer: what a worker does with the parts that it is given.

    Part -> pictures without a result -> canonical digits -> engine -> a file of results -> Tally

It recognises with the functions that answer `/predict/batch`, in batches of the same size, so that answers are equal.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from service.batches import BatchEntry, Outcome, canonicalise_entries, recognise_all
from service.bulk import BulkError
from service.bulk.attempts import counting
from service.bulk.done import Done
from service.bulk.parts import Part, read_parts
from service.bulk.reading import Reader
from service.bulk.results import identify, make_table, write_block
from service.bulk.storage import Location
from service.engines import EngineKind
from service.errors import UploadError
from service.inference.models import Models
from service.inference.recognition import Prediction
from service.preprocessing import UploadLimits
from service.preprocessing.libtiff import mute_libtiff

ENGINE_IMAGES = 16  # of one call, as `/predict/batch` makes it

logger = logging.getLogger("digitserve")


@dataclass(frozen=True)
class Job:
    """What all workers of a run have in common.

    Attributes:
        reader: Reads the source.
        limits: Bounds of one picture.
        folder: Where results go.
        models_dir: Directory of the bundles; each worker's machine has it.
        model: Name of the model.
        engine: Kind of the engine.
    """

    reader: Reader
    limits: UploadLimits
    folder: Location
    models_dir: Path
    model: str
    engine: EngineKind


@dataclass(frozen=True)
class Tally:
    """What came of some pictures.

    Attributes:
        scored: How many have a result now.
        failed: How many of them have an error.
        skipped: How many had a result already.
        failed_before: How many of these have an error.
        cpu_s: CPU time that the worker took, in seconds.
        failure: What ended the work and is no picture's fault; empty if nothing did.
    """

    scored: int = 0
    failed: int = 0
    skipped: int = 0
    failed_before: int = 0
    cpu_s: float = 0.0
    failure: str = ""

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.scored + other.scored,
            self.failed + other.failed,
            self.skipped + other.skipped,
            self.failed_before + other.failed_before,
            self.cpu_s + other.cpu_s,
            self.failure or other.failure,
        )


class Scorer:
    """Scores parts; holds one engine, and is an actor where Ray runs it.

    Args:
        job: What is to be done.
    """

    def __init__(self, job: Job) -> None:
        mute_libtiff()
        models = Models.load(job.models_dir, default=job.model, engine=job.engine)
        self._model = models.find(job.model)
        self._job = job
        self._done = Done(job.folder)

    def __call__(self, rows: pa.Table) -> Iterator[pa.Table]:
        """Score the parts in some rows, and yield a tally for each as a row."""
        for part in read_parts(rows):
            yield pa.Table.from_pylist([asdict(self.score(part))])

    def score(self, part: Part) -> Tally:
        """Score a part, block by block, until one fails: Ray would hide why in its own words."""
        total = Tally()
        try:
            with counting(part, self._job.folder):
                for block in self._job.reader.read_blocks(part):
                    total += self._score_block(block)
        except (BulkError, OSError, pa.ArrowException) as error:
            place = part.container or part.names[0]
            logger.exception("%s failed", place)
            said = (
                str(error)
                if isinstance(error, BulkError)
                else f"{place} cannot be read, or its results written."
            )
            return total + Tally(failure=said)
        return total

    def _score_block(self, entries: Sequence[BatchEntry]) -> Tally:
        """Score the pictures of a block that have no result yet."""
        before_s = time.process_time()
        wanted, failed_before = self._done.without(entries)
        if not wanted:
            return Tally(skipped=len(entries), failed_before=failed_before)
        outcomes = [
            outcome
            for at in range(0, len(wanted), ENGINE_IMAGES)
            for outcome in self._recognise(wanted[at : at + ENGINE_IMAGES])
        ]
        table = make_table([entry.name for entry in wanted], outcomes, identify(self._model))
        write_block(table, self._job.folder)
        return Tally(
            scored=len(wanted),
            failed=sum(not isinstance(outcome, Prediction) for outcome in outcomes),
            skipped=len(entries) - len(wanted),
            failed_before=failed_before,
            cpu_s=time.process_time() - before_s,
        )

    def _recognise(self, entries: Sequence[BatchEntry]) -> list[Outcome]:
        """Recognise pictures; a failure of the storage is none of theirs."""
        outcomes = recognise_all(self._model, canonicalise_entries(entries, self._job.limits))
        for entry, outcome in zip(entries, outcomes, strict=True):
            if isinstance(outcome, OSError | BulkError):
                raise outcome
            if not isinstance(outcome, Prediction | UploadError):
                logger.error("%s failed", entry.name, exc_info=outcome)
        return outcomes
