"""Inference statistics: how many requests of other protocols a model has answered, and in what time.

    request, timed -> counts of its model's version -> `/v2/models/.../stats`

They are this worker's, since its start; what all workers have done is the metrics' matter. A leaf: it
imports nothing of the service.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

NS_PER_MS = 1_000_000


@dataclass
class Counts:
    """What one version of a model has done.

    Attributes:
        num_images: Images that were recognised.
        num_answered: Requests that were.
        answered_ns: Nanoseconds that they took, from the images to the predictions.
        num_failed: Requests that failed with images at hand.
        failed_ns: Nanoseconds that they took.
        last_ms: When the last one was answered, in milliseconds since 1970; 0: never.
    """

    num_images: int = 0
    num_answered: int = 0
    answered_ns: int = 0
    num_failed: int = 0
    failed_ns: int = 0
    last_ms: int = 0


class InferenceStatistics:
    """Counts of every version of a model; to be used from one thread.

    Attributes:
        by_version: The counts, by the model's name and version; of those without requests all zero.
    """

    def __init__(self) -> None:
        self.by_version: defaultdict[tuple[str, str], Counts] = defaultdict(Counts)

    @contextmanager
    def timing(self, name: str, version: str, num_images: int) -> Iterator[None]:
        """Time one request, and count it by how it ends."""
        counts, started_ns = self.by_version[name, version], time.perf_counter_ns()
        try:
            yield
        except BaseException:
            counts.num_failed += 1
            counts.failed_ns += time.perf_counter_ns() - started_ns
            raise
        counts.num_images += num_images
        counts.num_answered += 1
        counts.answered_ns += time.perf_counter_ns() - started_ns
        counts.last_ms = time.time_ns() // NS_PER_MS
