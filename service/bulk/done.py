"""Done: which pictures have a result already, so that a run goes on where another was stopped."""

from collections.abc import Sequence

import numpy as np

from service.batches import BatchEntry
from service.bulk.results import digest_paths, read_done
from service.bulk.storage import Location


class Done:
    """The pictures that had a result when the worker began; 17 bytes for each.

    Args:
        folder: Where results are.
    """

    def __init__(self, folder: Location) -> None:
        found = [(digest_paths([]), np.zeros(0, dtype=bool)), *read_done(folder)]
        digests, failed = (np.concatenate(each) for each in zip(*found, strict=True))
        order = np.argsort(digests)
        self._sorted, self._failed = digests[order], failed[order]

    def without(self, entries: Sequence[BatchEntry]) -> tuple[list[BatchEntry], int]:
        """Return the pictures that have none, and how many of the others have an error."""
        if not len(self._sorted):
            return list(entries), 0
        digests = digest_paths(entry.name for entry in entries)
        places = np.searchsorted(self._sorted, digests).clip(max=len(self._sorted) - 1)
        is_done = self._sorted[places] == digests
        wanted = [entry for entry, done in zip(entries, is_done, strict=True) if not done]
        return wanted, int(np.sum(is_done & self._failed[places]))
