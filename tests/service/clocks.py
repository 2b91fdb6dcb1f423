"""A clock for tests: it stands still until it is moved."""


class StoppedClock:
    """Stands in for the module `time`.

    Attributes:
        now: What it shows, in seconds.
    """

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        """Return the time."""
        return self.now
