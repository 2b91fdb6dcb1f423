"""Pictures that take long to decode, and one that never ends."""

import math
import threading
import time

import pytest

from service.errors import DecodingTimeError
from service.intake.admission import ClientLeftError, Gate
from service.intake.decoding_time import DecoderWatch, DecodingTime

SHORT_S = 0.01


def _decode_for(seconds: float) -> str:
    """Keep this thread's core busy for so long."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
    return "decoded"


class TestDecoderWatch:
    """`DecoderWatch`."""

    def test_hanging(self) -> None:
        """A picture that is in decoding for longer than the time hangs, until it is done."""
        watch, began, may_end = DecoderWatch(SHORT_S), threading.Event(), threading.Event()

        def hang() -> None:
            began.set()
            may_end.wait()

        thread = threading.Thread(target=watch.run, args=[hang])
        assert not watch.has_hung

        thread.start()
        began.wait()
        time.sleep(2 * SHORT_S)
        has_hung = watch.has_hung
        may_end.set()
        thread.join()

        assert has_hung
        assert not watch.has_hung

    def test_failed(self) -> None:
        """A picture that cannot be decoded is over, too."""
        watch = DecoderWatch(0)

        with pytest.raises(ZeroDivisionError):
            watch.run(lambda: 1 / 0)

        assert not watch.has_hung


class TestDecodingTime:
    """`DecodingTime`."""

    def test_over(self) -> None:
        """The picture that passes the time is decoded; the next one is refused with what to do."""
        decoding_time = DecodingTime(DecoderWatch(SHORT_S))
        decoding_time.check()

        assert decoding_time.spend(lambda: _decode_for(2 * SHORT_S)) == "decoded"

        with pytest.raises(
            DecodingTimeError, match=r"took longer than 0\.01 s.*Send fewer pictures at a time"
        ):
            decoding_time.check()

    def test_waiting_is_free(self) -> None:
        """Time in which a thread only waits, for others that want the core too, does not count."""
        decoding_time = DecodingTime(DecoderWatch(SHORT_S))

        decoding_time.spend(lambda: time.sleep(3 * SHORT_S))

        decoding_time.check()

    def test_failures_count(self) -> None:
        """So does a picture that cannot be decoded in the end."""
        decoding_time = DecodingTime(DecoderWatch(SHORT_S))

        with pytest.raises(ZeroDivisionError):
            decoding_time.spend(lambda: _decode_for(2 * SHORT_S) and 1 / 0)

        with pytest.raises(DecodingTimeError):
            decoding_time.check()

    def test_client_has_left(self) -> None:
        """Nothing more is decoded for a client that has left, where its place is known."""
        place = Gate(1).enter(math.inf)
        decoding_time = DecodingTime(DecoderWatch(1), place)
        decoding_time.check()

        place.leave()

        with pytest.raises(ClientLeftError):
            decoding_time.check()
