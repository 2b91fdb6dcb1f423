"""Layout of a row: which of its float64 cells counts what. The same in every worker.

Cells of a histogram are its buckets, each with what fell into it alone, the last without an upper bound,
and then the sum of the values.
"""

from bisect import bisect_left
from dataclasses import dataclass
from typing import TypeAlias

Cells: TypeAlias = "memoryview[float]"

STATUSES = (200, 204, 307, 400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 499, 500, 503)
MAX_ROUTES = 64  # the last is for paths that are no route of ours
STEPS = ("decode", "preprocess", "queue", "model")
ANSWERS = ("ok", "uncertain", "not_a_digit")
CHANGES = (
    *("changed", "unchanged", "refused", "busy"),
    *("unknown", "failed"),
)  # what became of a reload or rollback
LOSSES = ("queue_full", "not_taken")  # why spans never reached the collector
ENDS = ("malformed", "head_too_large", "pipelined", "stalled")  # why the server ended connections
NUM_CLASSES = 10
FEATURES = ("ink_density", "stroke_width", "confidence", "class")  # whose drift is watched
MEAN_FEATURES = FEATURES[:3]  # the mean of a class says nothing
NUM_BINS = 10  # of each feature

# Upper bounds of buckets, in seconds; around 0.5 ms, what a small upload takes.
DURATION_BOUNDS_S = (
    *(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05),
    *(0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0),
)
STEP_BOUNDS_S = (
    *(0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002),
    *(0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0),
)
BATCH_BOUNDS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
CONFIDENCE_BOUNDS = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 1.0)


@dataclass(frozen=True, slots=True)
class Histogram:
    """Cells of a histogram.

    Attributes:
        start: The first of them.
        bounds: Upper bounds of its buckets, ascending.
    """

    start: int
    bounds: tuple[float, ...]

    @property
    def end(self) -> int:
        """The cell behind the last one."""
        return self.start + len(self.bounds) + 2

    def observe(self, cells: Cells, value: float) -> None:
        """Count a value."""
        start, bounds = self.start, self.bounds
        cells[start + bisect_left(bounds, value)] += 1.0
        cells[start + len(bounds) + 1] += value


def _place(start: int, bounds: tuple[float, ...], count: int) -> tuple[Histogram, ...]:
    """Place histograms of the same bounds one after the other."""
    size = len(bounds) + 2
    return tuple(Histogram(start + number * size, bounds) for number in range(count))


PROCESS_ID = 0
STARTS = 1  # of workers that claimed the row
IN_FLIGHT = 2
SHED = 3
VERSION_CHANGES = 4  # [CHANGES]
SPANS_LOST = VERSION_CHANGES + len(CHANGES)  # [LOSSES]
CONNECTION_ENDS = SPANS_LOST + len(LOSSES)  # [ENDS]
LOG_LINES_LOST = CONNECTION_ENDS + len(ENDS)
REQUESTS = LOG_LINES_LOST + 1  # [MAX_ROUTES][statuses and one for all others]
NUM_STATUSES = len(STATUSES) + 1
PREDICTIONS = REQUESTS + MAX_ROUTES * NUM_STATUSES  # [NUM_CLASSES][answers]
DURATIONS = _place(PREDICTIONS + NUM_CLASSES * len(ANSWERS), DURATION_BOUNDS_S, MAX_ROUTES)
STEP_DURATIONS = _place(DURATIONS[-1].end, STEP_BOUNDS_S, len(STEPS))
[BATCH_SIZES] = _place(STEP_DURATIONS[-1].end, BATCH_BOUNDS, 1)
[CONFIDENCES] = _place(BATCH_SIZES.end, CONFIDENCE_BOUNDS, 1)
DRIFT_BINS = CONFIDENCES.end  # [features][NUM_BINS], decayed counts
DRIFT_SUMS = DRIFT_BINS + len(FEATURES) * NUM_BINS  # [mean features], decayed sums
NUM_CELLS = DRIFT_SUMS + len(MEAN_FEATURES)

STATUS_INDEX = {status: index for index, status in enumerate(STATUSES)}
ANSWER_INDEX = {answer: index for index, answer in enumerate(ANSWERS)}


def request_cell(route: int, status: int) -> int:
    """Return the cell that counts answers of a route with a status."""
    return REQUESTS + route * NUM_STATUSES + STATUS_INDEX.get(status, NUM_STATUSES - 1)


def prediction_cell(digit: int, answer: str) -> int:
    """Return the cell that counts answers of a class with a status."""
    return PREDICTIONS + digit * len(ANSWERS) + ANSWER_INDEX[answer]
