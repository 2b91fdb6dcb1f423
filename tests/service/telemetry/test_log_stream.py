"""The log's stream, with readers that stop reading."""

import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.telemetry.log_stream import UnblockedHandler, counting_lost_lines
from service.telemetry.metrics.layout import LOG_LINES_LOST
from service.telemetry.metrics.recorder import Recorder

LINE = "x" * 1000


class _Counter:
    """Counts lost lines.

    Attributes:
        num_lost: How many.
    """

    num_lost = 0

    def count_lost_lines(self, number: int) -> None:
        """Count some."""
        self.num_lost += number


@pytest.fixture
def counter() -> _Counter:
    """What counts."""
    return _Counter()


@pytest.fixture(params=["pipe", "socket"])
def ends(request: pytest.FixtureRequest) -> Iterator[tuple[int, int]]:
    """Descriptors of the reader and the writer."""
    if request.param == "pipe":
        reader, writer = os.pipe()
    else:
        reader, writer = (end.detach() for end in socket.socketpair())
    yield reader, writer
    os.close(reader)
    os.close(writer)


def _log(handler: UnblockedHandler, *lines: str) -> None:
    """Log some lines."""
    for line in lines:
        handler.handle(logging.makeLogRecord({"msg": line}))


class TestUnblockedHandler:
    """`UnblockedHandler`."""

    def test_reader_that_stops(self, ends: tuple[int, int], counter: _Counter) -> None:
        """What it does not take is dropped and counted, what it took is whole, and later lines come again."""
        reader, writer = ends
        handler = UnblockedHandler(writer)
        handler.counter = counter

        _log(handler, *[LINE] * 2000)
        num_lost = counter.num_lost
        taken = os.read(reader, 1_000_000)
        _log(handler, "again")
        taken += os.read(reader, 1_000_000)
        handler.close()

        assert num_lost > 0
        *lines, last, rest = taken.decode().split("\n")
        assert set(lines) == {LINE}
        assert len(lines) == 2000 - num_lost
        assert (last, rest) == ("again", "")

    def test_many_lines_at_once(self, ends: tuple[int, int], counter: _Counter) -> None:
        """Of lines that come together each is taken or lost by itself, and counted."""
        reader, writer = ends
        handler = UnblockedHandler(writer)
        handler.counter = counter

        _log(handler, *["\n".join([LINE] * 20)] * 100)
        taken = os.read(reader, 1_000_000)
        handler.close()

        assert counter.num_lost > 0
        assert taken == f"{LINE}\n".encode() * (2000 - counter.num_lost)

    def test_rest_of_a_line(self, counter: _Counter) -> None:
        """What was taken in part is ended before anything else comes, though lines are lost meanwhile."""
        written, takes = b"", iter([4000, None, 10**6, 10**6, 10**6])

        def write(line: bytes) -> int:
            nonlocal written
            if (size := next(takes)) is None:
                raise BlockingIOError
            written += line[:size]
            return len(line[:size])

        handler = UnblockedHandler()
        handler.counter, handler._write = counter, write
        _log(handler, "a" * 5000, "lost", "\n".join(["b" * 3000] * 2))
        handler.close()

        assert counter.num_lost == 1
        assert written.decode().split("\n") == ["a" * 5000, "b" * 3000, "b" * 3000, ""]

    def test_the_file_stays_as_it_is(self, ends: tuple[int, int]) -> None:
        """Whoever shares the file, a shell say, finds it as it was."""
        UnblockedHandler(ends[1]).close()

        assert os.get_blocking(ends[1])

    def test_reader_that_is_gone(self, counter: _Counter) -> None:
        """Nobody is left to be told, and lines count as lost; before there is a counter, they are lost at all."""
        reader, writer = os.pipe()
        handler = UnblockedHandler(writer)
        os.close(reader)

        _log(handler, "one")
        handler.counter = counter
        _log(handler, "two")
        os.close(writer)

        assert counter.num_lost == 1

    def test_file(self, tmp_path: Path) -> None:
        """A file is written to as it is, behind what others write there."""
        with (tmp_path / "log").open("wb", buffering=0) as file:
            handler = UnblockedHandler(file.fileno())
            _log(handler, "one \udcff")
            file.write(b"two\n")
            _log(handler, "three")

        assert (tmp_path / "log").read_bytes() == b"one \\udcff\ntwo\nthree\n"

    def test_no_file(self, counter: _Counter) -> None:
        """A service without standard error serves."""
        reader, writer = os.pipe()
        os.close(reader)
        os.close(writer)
        handler = UnblockedHandler(writer)
        handler.counter = counter

        _log(handler, "one")

        assert counter.num_lost == 1

    def test_line_that_cannot_be_written(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A fault of a log call is told, as logging does it."""
        with (tmp_path / "log").open("wb") as file:
            handler = UnblockedHandler(file.fileno())
            handler.handle(logging.makeLogRecord({"msg": "%d", "args": ("no number",)}))

        assert "Logging error" in capsys.readouterr().err


def test_counting_lost_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Handlers of the service's log count in the metrics while it runs."""
    handler = UnblockedHandler()
    logger = logging.getLogger("digitserve")
    monkeypatch.setattr(logger, "handlers", [logging.NullHandler(), handler])

    recorder = Recorder()
    with counting_lost_lines(recorder):
        assert handler.counter is recorder
        handler.counter.count_lost_lines(1)
    handler.close()

    assert handler.counter is None
    assert recorder.block.rows.sum(axis=0)[LOG_LINES_LOST] == 1
