"""What a soak has counted."""

import statistics
from collections import Counter
from dataclasses import dataclass, field

MAX_TOLD = 20  # of what went wrong; the rest is counted
MB = 1_000_000


@dataclass
class Tally:
    """Counts of a soak.

    Attributes:
        num_answered: Requests that got their answer, right or wrong.
        by_kind: The same by kind of sample.
        num_with_worker: Requests that failed with the worker that was killed under them.
        faults: Faults that were injected and survived, by kind.
        wrong: Answers that were not as they should be; each is told.
        lost: Requests that got no answer, though nobody killed their worker; each is told.
        resident_bytes: Of the worker that was never killed, in order of time.
    """

    num_answered: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    num_with_worker: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    resident_bytes: list[int] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether every answer was right and none was lost."""
        return self.num_answered > 0 and not self.wrong and not self.lost

    def count(self, kind: str, problem: str | None) -> None:
        """Count an answer; a problem tells what is wrong with it."""
        self.num_answered += 1
        self.by_kind[kind] += 1
        if problem is not None:
            self.wrong.append(problem)

    def memory(self) -> tuple[float, float]:
        """Return the resident memory after the warm-up and at the end, in MB.

        The warm-up is the first fifth; each figure is the median over a tenth of the time.
        """
        tenth = max(1, len(self.resident_bytes) // 10)
        after, end = self.resident_bytes[2 * tenth : 3 * tenth], self.resident_bytes[-tenth:]
        return statistics.median(after) / MB, statistics.median(end) / MB

    def report(self) -> str:
        """Say it all in a few lines."""
        before, after = self.memory()
        faults = ", ".join(f"{count} {name}" for name, count in sorted(self.faults.items()))
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in self.by_kind.most_common())
        return "\n".join(
            [
                f"requests served     {self.num_answered:,} ({kinds})",
                f"faults survived     {sum(self.faults.values())} ({faults})",
                f"killed with worker  {self.num_with_worker}",
                f"wrong answers       {len(self.wrong)}",
                *(f"  {each}" for each in self.wrong[:MAX_TOLD]),
                f"lost requests       {len(self.lost)}",
                *(f"  {each}" for each in self.lost[:MAX_TOLD]),
                f"resident memory     {before:.1f} MB after the warm-up, {after:.1f} at the end",
                f"growth of it        {after / before - 1:+.2%}",
            ]
        )
