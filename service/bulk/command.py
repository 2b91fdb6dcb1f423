"""The command's work: options in, results in the destination, a summary out.

options -> source, destination, model -> pipeline -> progress -> Summary
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from service.bulk import BulkError
from service.bulk.pipeline import score, start_ray
from service.bulk.progress import follow
from service.bulk.reading import Reader
from service.bulk.results import identify, prepare_folder
from service.bulk.scorer import Job
from service.bulk.sources import list_parts
from service.bulk.storage import locate
from service.inference.models import Models
from service.settings import Settings


@dataclass(frozen=True)
class Options:
    """What is to be scored, and how.

    Attributes:
        source: Address of a picture, a zip, a Parquet file, or a folder or pattern of these.
        destination: Address of the folder of results.
        num_workers: How many actors; 0 means as many as the cluster has CPUs.
        address: Of a Ray cluster, or None for this machine.
        model: Name of the model, or None for the default.
        column: Column of a Parquet source that holds the pictures, or None.
        block_images: Most pictures of a result file.
    """

    source: str
    destination: str
    num_workers: int
    address: str | None
    model: str | None
    column: str | None
    block_images: int


@dataclass(frozen=True)
class Summary:
    """What a run did.

    Attributes:
        images: Pictures of the source.
        scored: Those that this run gave a result.
        failed: Those of them with an error.
        skipped: Those that had a result before.
        failed_before: Those of them with an error.
        duration_s: From the first part to the last, in seconds.
        cpu_s: CPU time of the workers for pictures, in seconds.
    """

    images: int
    scored: int
    failed: int
    skipped: int
    failed_before: int
    duration_s: float
    cpu_s: float

    def describe(self, destination: str) -> str:
        """Say it in one line."""
        rate = self.scored / self.duration_s
        errors = f" ({self.failed_before:,} of them an error)" if self.failed_before else ""
        before = f", {self.skipped:,} had a result before{errors}" if self.skipped else ""
        return (
            f"{self.images:,} images: {self.scored - self.failed:,} recognised, {self.failed:,} with an error"
            f"{before}; {self.duration_s:.1f} s, {rate:,.0f} images a second; {destination}"
        )


def score_source(options: Options, settings: Settings) -> Summary:
    """Score a source; pictures that have a result in the destination are passed over.

    Raises:
        BulkError: If the source or destination cannot be used, or a worker failed.
        BundleError: If the bundle cannot be used.
        UnknownModelError: If there is no such model.
    """
    models = Models.load(settings.models_dir, default=settings.model, engine=settings.engine)
    model = models.find(options.model)
    with _explaining_storage(options.source):
        source = locate(options.source)
        parts = list(list_parts(source, options.block_images, options.column))
    if not parts:
        raise BulkError(f"{options.source} holds no pictures. Give a source that does.")
    with _explaining_storage(options.destination):
        folder = locate(options.destination)
        prepare_folder(folder, identify(model))
    job = Job(
        Reader(source, settings.evaluation_limits.data, options.block_images, options.column),
        settings.upload_limits,
        folder,
        settings.models_dir,
        model.bundle.manifest.name,
        settings.engine,
    )
    models.close()
    num_workers = start_ray(options.address, options.num_workers)
    num_images = sum(part.num_images for part in parts)
    started_s = time.monotonic()
    total = follow(score(parts, job, num_workers), num_images)
    return Summary(
        num_images,
        total.scored,
        total.failed,
        total.skipped,
        total.failed_before,
        time.monotonic() - started_s,
        total.cpu_s,
    )


@contextmanager
def _explaining_storage(address: str) -> Iterator[None]:
    """Explain in a line what a storage raises."""
    try:
        yield
    except OSError as cause:
        raise BulkError(
            f"{address} cannot be used. Check that it is there, your permissions, and the way to it."
        ) from cause
