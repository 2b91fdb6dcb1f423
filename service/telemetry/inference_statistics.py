"""Inference statistics: how many requests of other protocols a model has answered, and in what time.

    request, timed, in parts -> counts of its model's version -> `/v2/models/.../stats`

They are this worker's, since its start; what all workers have done is the metrics' matter. A leaf: it
imports nothing of the service.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000


class Part(NamedTuple):
    """What one call of the engine for a request took.

    Attributes:
        queue_s: From the images at hand to the work on them, in seconds.
        input_s: Reading files and bringing digits to the canonical form.
        infer_s: The engine's call; of a batch with digits of other requests, the whole of it.
        num_digits: Digits in that call; 0: it counts for another request in the batch.
    """

    queue_s: float
    input_s: float
    infer_s: float
    num_digits: int


@dataclass
class Duration:
    """How often something was done, and how long that took in all, in nanoseconds."""

    count: int = 0
    ns: int = 0

    def add(self, seconds: float) -> None:
        """Count once more."""
        self.count += 1
        self.ns += round(seconds * NS_PER_S)


@dataclass
class Counts:
    """What one version of a model has done.

    Attributes:
        num_images: Images that were recognised.
        success: Requests that were answered, from the images to the predictions.
        fail: Requests that failed with images at hand.
        queue: Waiting of the requests that were answered.
        compute_input: Making canonical digits for them; where threads share that, the sum of theirs.
        compute_infer: The engine's calls for them, likewise.
        by_batch_size: The engine's calls that began with one of their digits, by the digits in them.
        last_ms: When the last one was answered, in milliseconds since 1970; 0: never.
    """

    num_images: int = 0
    success: Duration = field(default_factory=Duration)
    fail: Duration = field(default_factory=Duration)
    queue: Duration = field(default_factory=Duration)
    compute_input: Duration = field(default_factory=Duration)
    compute_infer: Duration = field(default_factory=Duration)
    by_batch_size: defaultdict[int, Duration] = field(default_factory=lambda: defaultdict(Duration))
    last_ms: int = 0

    def add_parts(self, parts: list[Part]) -> None:
        """Count the steps of a request that was answered."""
        self.queue.add(min(part.queue_s for part in parts))
        self.compute_input.add(sum(part.input_s for part in parts))
        self.compute_infer.add(sum(part.infer_s for part in parts))
        for part in parts:
            if part.num_digits:
                self.by_batch_size[part.num_digits].add(part.infer_s)


class InferenceStatistics:
    """Counts of every version of a model; to be used from one thread.

    Attributes:
        by_version: The counts, by the model's name and version; of those without requests all zero.
    """

    def __init__(self) -> None:
        self.by_version: defaultdict[tuple[str, str], Counts] = defaultdict(Counts)

    @contextmanager
    def timing(self, name: str, version: str, num_images: int) -> Iterator[list[Part]]:
        """Time one request, and count it by how it ends.

        Yields:
            Where its parts go, from any thread; at least one if it is answered.
        """
        counts, started = self.by_version[name, version], time.perf_counter()
        parts: list[Part] = []
        try:
            yield parts
        except BaseException:
            counts.fail.add(time.perf_counter() - started)
            raise
        counts.num_images += num_images
        counts.success.add(time.perf_counter() - started)
        counts.add_parts(parts)
        counts.last_ms = time.time_ns() // NS_PER_MS
