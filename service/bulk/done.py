"""Done: which pictures have a result already, so that a run goes on where another was stopped."""

from collections.abc import Sequence

import numpy as np

from service.batches import BatchEntry
from service.bulk.results import digest_paths, read_done
from service.bulk.storage import Location


class Done:
    """The pictures that had a result when the worker began; 16 bytes for each.

    Args:
        folder: Where results are.
    """

    def __init__(self, folder: Location) -> None:
        self._sorted = np.sort(np.concatenate([digest_paths([]), *read_done(folder)]))

    def without(self, entries: Sequence[BatchEntry]) -> list[BatchEntry]:
        """Return the pictures that have none."""
        if not len(self._sorted):
            return list(entries)
        digests = digest_paths(entry.name for entry in entries)
        places = np.searchsorted(self._sorted, digests).clip(max=len(self._sorted) - 1)
        is_done = self._sorted[places] == digests
        return [entry for entry, done in zip(entries, is_done, strict=True) if not done]
