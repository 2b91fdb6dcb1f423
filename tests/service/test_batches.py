"""Uploads of many pictures, taken apart and recognised."""

import contextlib
import struct
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from service.batches import (
    SMALL_BYTES,
    BatchEntry,
    canonicalise_entries,
    list_entries,
    recognise_all,
)
from service.errors import BatchError, BrokenImageError, DecodingTimeError, UploadTooLargeError
from service.intake.decoding_time import DecoderWatch, DecodingTime
from service.intake.forms import FormFile
from service.labelled_data import LabelledDataLimits
from service.preprocessing import CanonicalDigit, UploadLimits
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, load_model
from tests.service.labelled_data.files import make_zip

SEVEN = encode(draw())
LIMITS = LabelledDataLimits(max_images=4, max_expanded_bytes=20_000, max_member_bytes=10_000)


def _zip(members: Mapping[str, bytes]) -> list[FormFile]:
    """Return a zip as the one file of an upload."""
    return [FormFile("digits.zip", make_zip(members))]


def _canonicalise(entries: list[BatchEntry]) -> list[CanonicalDigit | Exception]:
    """Bring entries to the canonical form."""
    return canonicalise_entries(entries, UploadLimits())


class TestDecodingTime:
    """Of `canonicalise_entries`."""

    def test_over(self) -> None:
        """Pictures for which no time is left fail, each by itself; those before them are read."""
        watch = DecoderWatch(1e-9)

        first, second = canonicalise_entries(
            [BatchEntry("", lambda: SEVEN)] * 2, UploadLimits(), DecodingTime(watch)
        )

        assert isinstance(first, CanonicalDigit)
        assert isinstance(second, DecodingTimeError)

    def test_turn(self) -> None:
        """A turn that is over leaves the rest for the next one; one picture at least is done."""
        entries = [BatchEntry("", lambda: SEVEN)] * 3

        assert len(canonicalise_entries(entries, UploadLimits(), turn_s=0)) == 1
        assert len(canonicalise_entries(entries, UploadLimits(), turn_s=60)) == 3


class TestListEntries:
    """`list_entries`."""

    def test_files(self) -> None:
        """Files of a form keep their order and names."""
        entries = list_entries([FormFile("b.png", b"1"), FormFile("a.png", b"2")], LIMITS)

        assert [(entry.name, entry.read()) for entry in entries] == [
            ("b.png", b"1"),
            ("a.png", b"2"),
        ]

    def test_zip(self) -> None:
        """A zip's pictures need no folders of digits; what systems add by themselves is left out."""
        entries = list_entries(_zip({"x/b.png": b"1", "__MACOSX/._a": b"", "a.png": b"2"}), LIMITS)

        assert [(entry.name, entry.read()) for entry in entries] == [
            ("x/b.png", b"1"),
            ("a.png", b"2"),
        ]

    @pytest.mark.parametrize("files", [[FormFile("a", b"123")], _zip({"a": b"123"})])
    def test_size(self, files: list[FormFile]) -> None:
        """Each entry tells how many bytes it has, before they are unpacked."""
        assert [entry.size for entry in list_entries(files, LIMITS)] == [3]

    @pytest.mark.parametrize(
        ("files", "message"),
        [
            ([FormFile("a.png", b"")] * 5, "holds 5 images; at most 4"),
            (_zip(dict.fromkeys("abcde", b"")), "holds 5 images; at most 4"),
            (_zip({}), "holds no images"),
            (_zip(dict.fromkeys("abc", bytes(9_000))), "unpacks to more bytes than the 20,000"),
            ([FormFile("", make_zip({"a": SEVEN})[:-9])], "zip is truncated or damaged"),
        ],
        ids=["files", "members", "empty", "expanded", "damaged"],
    )
    def test_whole_upload_is_refused(self, files: list[FormFile], message: str) -> None:
        """What breaks a bound of the whole, or cannot be taken apart, is refused before any work."""
        with pytest.raises(BatchError, match=message):
            list_entries(files, LIMITS)


class TestRead:
    """`BatchEntry.read`."""

    def test_large_file(self) -> None:
        """A file over the bound of one picture fails alone."""
        large, small = list_entries([FormFile("", bytes(10_001)), FormFile("", b"x")], LIMITS)

        with pytest.raises(UploadTooLargeError, match="has 10,001 bytes; at most 10,000"):
            large.read()
        assert small.read() == b"x"

    def test_large_member(self) -> None:
        """So does a zip's member."""
        large, small = list_entries(_zip({"a": bytes(10_001), "b": b"x"}), LIMITS)

        with pytest.raises(
            BrokenImageError, match="'a' in the zip unpacks to more than the 10,000"
        ):
            large.read()
        assert small.read() == b"x"

    def test_member_that_hides_its_size(self) -> None:
        """A member that would unpack to more than its directory entry says is unpacked no further."""
        body = make_zip({"a": bytes(9_000)})
        lie = body.replace(struct.pack("<I", 9_000), struct.pack("<I", 10))
        (entry,) = list_entries([FormFile("", lie)], LIMITS)

        assert lie != body
        with pytest.raises(BrokenImageError, match="'a' in the zip is truncated or damaged"):
            entry.read()


class TestRecognise:
    """`canonicalise_entries` and `recognise_all`."""

    def test_one_bad_picture(self) -> None:
        """A picture that cannot be used stands in its place and never reaches the engine."""
        engine = _CountingEngine()
        model = load_model(engine)
        seen = _canonicalise([_entry(SEVEN), _entry(b"no picture"), _entry(SEVEN)])

        first, bad, last = recognise_all(model, seen)

        assert not isinstance(first, Exception)
        assert not isinstance(last, Exception)
        assert (first.digit, last.digit) == (7, 7)
        assert bad is seen[1]
        assert engine.sizes[1:] == [2]  # behind the self-test

    def test_bad_pictures_alone(self) -> None:
        """Without a usable picture the engine is not asked."""
        engine = _CountingEngine()
        model = load_model(engine)

        recognise_all(model, _canonicalise([_entry(b"no picture")]))

        assert len(engine.sizes) == 1

    def test_failing_engine(self) -> None:
        """An engine that fails costs the usable pictures; the others keep their own reasons."""
        engine = FakeEngine()
        model = load_model(engine)
        engine.failure = RuntimeError("the device is gone")
        seen = _canonicalise([_entry(SEVEN), _entry(b"no picture")])

        assert recognise_all(model, seen) == [engine.failure, seen[1]]

    def test_unforeseen_failure(self) -> None:
        """What nobody foresaw in one picture is that picture's alone."""

        def fail() -> bytes:
            raise ZeroDivisionError

        failed, seen = _canonicalise([BatchEntry("a", fail), _entry(SEVEN)])

        assert isinstance(failed, ZeroDivisionError)
        assert isinstance(seen, CanonicalDigit)


class TestTurns:
    """Threads that share `canonicalise_entries`."""

    @pytest.mark.parametrize(
        ("size", "is_in_turn"),
        [(SMALL_BYTES, True), (SMALL_BYTES + 1, False), (None, False)],
        ids=["small", "large", "unknown"],
    )
    def test_one_thread_at_a_time(self, size: int | None, is_in_turn: bool) -> None:
        """Small pictures are decoded by one thread at a time, others by several."""
        meeting = threading.Barrier(2)

        def read() -> bytes:
            with contextlib.suppress(threading.BrokenBarrierError):
                meeting.wait(0.2 if is_in_turn else 10)
            return SEVEN

        entries = [BatchEntry("a.png", read, size)]
        with ThreadPoolExecutor(2) as threads:
            seen = [digit for part in threads.map(_canonicalise, [entries] * 2) for digit in part]

        assert [type(digit) for digit in seen] == [CanonicalDigit] * 2
        assert meeting.broken == is_in_turn  # nobody came to meet whoever was first


def _entry(content: bytes) -> BatchEntry:
    """Return an entry of these bytes."""
    return BatchEntry("a.png", lambda: content)


class _CountingEngine(FakeEngine):
    """Notes the size of every batch."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def predict(self, images: np.typing.NDArray[np.uint8]) -> np.typing.NDArray[np.float32]:
        """Answer each digit."""
        self.sizes.append(len(images))
        return super().predict(images)
