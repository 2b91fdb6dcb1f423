"""Decoding time: how long the pictures of one request may take, and which picture never ends.

request -> DecodingTime -> each picture, if it is wanted and time is left -> DecoderWatch -> readiness, watchdog

A decoder cannot be interrupted: what one picture may take is bounded by its pixels. So the time is looked at
between two pictures, and a picture that takes all of it by itself hangs.
"""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from service.errors import DecodingTimeError
from service.intake.admission import Place

T = TypeVar("T")


class DecoderWatch:
    """Knows since when each thread has been at its picture.

    Args:
        timeout_s: A picture that takes longer hangs, in seconds.

    Attributes:
        timeout_s: That time.
    """

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self._began: dict[int, float] = {}  # by thread, in seconds of `time.monotonic`

    @property
    def has_hung(self) -> bool:
        """Whether a thread hangs in a decoder: it cannot be ended, and decodes nothing else any more."""
        end = time.monotonic() - self.timeout_s
        return any(began < end for began in tuple(self._began.values()))

    def run(self, decode: Callable[[], T]) -> T:
        """Decode one picture in this thread, watched."""
        thread = threading.get_ident()
        self._began[thread] = time.monotonic()
        try:
            return decode()
        finally:
            del self._began[thread]


class DecodingTime:
    """The time that the pictures of one request have, in whichever threads they are decoded.

    It is the threads' own CPU time, so that waiting for others costs a request nothing.

    Args:
        watch: Watches each picture; its `timeout_s` is the time that all of them have.
        place: The request's, where work in a thread is to end when its client leaves.
    """

    def __init__(self, watch: DecoderWatch, place: Place | None = None) -> None:
        self._watch = watch
        self._place = place
        self._spent_s = 0.0
        self._lock = threading.Lock()

    def check(self) -> None:
        """Check that the next picture is to be decoded.

        Raises:
            ClientLeftError: If the client has left.
            DecodingTimeError: If the pictures before it have taken all of the time.
        """
        if self._place:
            self._place.check_client()
        if self._spent_s >= self._watch.timeout_s:
            raise DecodingTimeError(
                f"Decoding the request's pictures took longer than {self._watch.timeout_s:g} s, the most that is "
                "spent on one request. Send fewer pictures at a time, or smaller ones."
            )

    def spend(self, decode: Callable[[], T]) -> T:
        """Decode one picture in this thread, and count what it takes."""
        began_s = time.thread_time()
        try:
            return self._watch.run(decode)
        finally:
            with self._lock:
                self._spent_s += time.thread_time() - began_s
