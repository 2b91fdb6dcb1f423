"""What is learned of one request on its way, for the metrics and the log: a leaf, which imports nothing of ours.

routes, preprocessing, batching -> RequestRecord -> metrics, log
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """What was answered to one picture.

    Attributes:
        digit: The class, 0..9.
        confidence: Its probability, 0..1.
        status: `ok`, `uncertain` or `not_a_digit`.
        canonical: The digit that the model saw, uint8 [28, 28].
    """

    digit: int
    confidence: float
    status: str
    canonical: npt.NDArray[np.uint8]


@dataclass(slots=True)
class RequestRecord:
    """Durations and the answer of one request; what did not happen stays None.

    Attributes:
        decode_at: When decoding began, in seconds of `perf_counter`.
        decode_s: Reading the header and decoding the picture, in seconds.
        preprocess_at: When preprocessing began, in seconds of `perf_counter`.
        preprocess_s: Finding the digit and bringing it to the canonical form, in seconds.
        queue_at: When the wait for the engine began, in seconds of `perf_counter`.
        queue_s: Waiting for the engine, in seconds.
        model_s: The engine's call for the batch that the digit was in, in seconds.
        batch_size: Digits in that batch; told to the first of them alone, so that a batch counts once.
        answer: The answer to the one picture of `/predict`.
        trace_id: The trace that the request is in, 32 hexadecimal digits, where traces are made.
    """

    decode_at: float | None = None
    decode_s: float | None = None
    preprocess_at: float | None = None
    preprocess_s: float | None = None
    queue_at: float | None = None
    queue_s: float | None = None
    model_s: float | None = None
    batch_size: int | None = None
    answer: AnswerRecord | None = None
    trace_id: str | None = None
