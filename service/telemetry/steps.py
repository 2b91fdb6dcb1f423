"""Steps of a request, as its trace shows them; those of a batch are noted by the threads that take them.

batch -> Steps, in the request's scope -> spans
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

KEY = "steps"  # of the scope


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        name: What was done.
        at: When it began, in seconds of `perf_counter`.
        duration_s: In seconds.
        num_images: How many images of a batch it dealt with; None: it is no step of a batch.
    """

    name: str
    at: float
    duration_s: float
    num_images: int | None = None


class Steps:
    """What was done for a batch so far; several threads may note their steps at once."""

    def __init__(self) -> None:
        self._taken: list[Step] = []

    @classmethod
    def of(cls, scope: Any) -> "Steps":
        """Return the steps of the request with this scope."""
        steps: Steps = scope.setdefault(KEY, cls())
        return steps

    @property
    def in_order(self) -> list[Step]:
        """The steps by their beginning."""
        return sorted(self._taken, key=lambda step: step.at)

    @contextmanager
    def measure(self, name: str, num_images: int | None = None) -> Iterator[None]:
        """Note a step, which ends with the block, well or not."""
        at = time.perf_counter()
        try:
            yield
        finally:
            self.note(name, at, num_images)

    def note(self, name: str, at: float, num_images: int | None = None) -> None:
        """Note a step that began at that time, in seconds of `perf_counter`, and ends now."""
        self._taken.append(Step(name, at, time.perf_counter() - at, num_images))
