"""What leaves a connection in one piece."""

import asyncio
from collections.abc import Callable
from typing import cast

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from service.cli.connections import Connection
from service.cli.joined_writes import MAX_JOINED_BYTES, JoinedWrites

REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


class _Transport:
    """A transport that keeps what it is given.

    Attributes:
        sent: One entry for each time that something was sent.
        is_closed: Whether it was closed.
    """

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.is_closed = False

    def writelines(self, pieces: list[bytes]) -> None:
        """Send pieces in one go."""
        assert not self.is_closed
        self.sent.append(b"".join(pieces))

    def close(self) -> None:
        """Close."""
        self.is_closed = True

    def is_closing(self) -> bool:
        """Tell whether it was closed."""
        return self.is_closed

    def get_write_buffer_size(self) -> int:
        """Say that seven bytes wait within."""
        return 7

    def set_write_buffer_limits(self, high: int) -> None:
        """Let so much wait at most."""

    def pause_reading(self) -> None:
        """Read on: everything has come."""

    def resume_reading(self) -> None:
        """Read on."""

    def get_extra_info(self, _name: str) -> None:
        """Know nothing of the connection."""


def _written(*writes: Callable[[JoinedWrites], object]) -> tuple[list[bytes], list[bytes]]:
    """Write in one turn; return what was sent at once, and by the end of the event loop's turn."""
    transport = _Transport()

    async def turn() -> list[bytes]:
        joined = JoinedWrites(cast("asyncio.Transport", transport))
        for write in writes:
            write(joined)
        at_once = list(transport.sent)
        await asyncio.sleep(0)
        return at_once

    return asyncio.run(turn()), transport.sent


def _write(data: bytes) -> Callable[[JoinedWrites], None]:
    """Return what writes some bytes."""
    return lambda joined: joined.write(data)


HEAD, BODY = _write(b"head"), _write(b"body")


class TestJoinedWrites:
    """`JoinedWrites`."""

    def test_one_turn(self) -> None:
        """What is written in one turn of the event loop is sent in one go, at its end."""
        assert _written(HEAD, BODY) == ([], [b"headbody"])

    def test_flushed(self) -> None:
        """What is written can be sent at once, and is then not sent again."""
        assert _written(HEAD, BODY, JoinedWrites.flush) == ([b"headbody"], [b"headbody"])

    def test_much(self) -> None:
        """More than is worth joining goes at once, so that the transport can tell its writer to pause."""
        much = bytes(MAX_JOINED_BYTES)

        at_once, sent = _written(HEAD, _write(much), _write(b"end"))

        assert at_once == [b"head" + much]
        assert sent == [b"head" + much, b"end"]

    def test_closed(self) -> None:
        """What is written before the end is sent before it."""
        assert _written(HEAD, BODY, JoinedWrites.close) == ([b"headbody"], [b"headbody"])

    def test_size(self) -> None:
        """What waits is what waits here and in the transport."""
        sizes = []

        _written(HEAD, BODY, lambda joined: sizes.append(joined.get_write_buffer_size()))

        assert sizes == [len(b"headbody") + 7]

    def test_taken(self) -> None:
        """What was written and does not wait is on its way."""
        taken = []

        _written(
            _write(bytes(100)), JoinedWrites.flush, HEAD, lambda it: taken.append(it.num_taken)
        )

        assert taken == [100 - 7]


class TestConnection:
    """`Connection`."""

    @pytest.mark.parametrize(
        ("request_bytes", "num_sent"), [(REQUEST, 1), (2 * REQUEST, 2)], ids=["one", "pipelined"]
    )
    def test_answer_is_sent_in_one_piece(self, request_bytes: bytes, num_sent: int) -> None:
        """Each answer is sent once, its head with its body, and as soon as it is written."""
        transport = _Transport()
        ends: list[bytes] = []

        async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
            headers = [(b"content-length", b"4")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"body"})
            ends.append(b"".join(transport.sent)[-8:])

        async def ask() -> None:
            connection = Connection(uvicorn.Config(app, log_config=None), ServerState(), {})
            connection.connection_made(cast("asyncio.Transport", transport))
            connection.data_received(request_bytes)
            while len(transport.sent) < num_sent:
                await asyncio.sleep(0.001)
            connection.connection_lost(None)

        asyncio.run(asyncio.wait_for(ask(), 10))

        assert ends == [b"\r\n\r\nbody"] * num_sent
        assert [answer.count(b"HTTP/1.1 200 OK") for answer in transport.sent] == [1] * num_sent

    def test_head_goes_before_a_body_that_takes_long(self) -> None:
        """The head of an answer that is not complete yet does not wait for its body."""
        transport = _Transport()
        heads: list[bytes] = []

        async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await asyncio.sleep(0.01)
            heads.extend(transport.sent)
            await send({"type": "http.response.body", "body": b"body"})

        async def ask() -> None:
            connection = Connection(uvicorn.Config(app, log_config=None), ServerState(), {})
            connection.connection_made(cast("asyncio.Transport", transport))
            connection.data_received(REQUEST)
            await asyncio.wait(connection.tasks)
            connection.connection_lost(None)

        asyncio.run(ask())

        assert len(heads) == 1
        assert heads[0].endswith(b"\r\n\r\n")
