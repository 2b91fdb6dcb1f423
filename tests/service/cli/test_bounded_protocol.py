"""The server's protocol, in this process."""

import asyncio
import contextlib
import json
from types import SimpleNamespace

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from service.cli.bounded_protocol import MAX_BYTES_WITHOUT_BODY, MAX_PIPELINED, BoundedProtocol
from service.telemetry.metrics.layout import CONNECTION_ENDS, ENDS
from service.telemetry.metrics.recorder import Recorder

CHUNKED = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
LONG = b"x: " + b"y" * MAX_BYTES_WITHOUT_BODY


async def _count_bytes(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the number of bytes of the body."""
    num_bytes = len(await Request(scope, receive).body())
    await PlainTextResponse(str(num_bytes))(scope, receive, send)


async def _exchange(*pieces: bytes, recorder: Recorder | None = None) -> bytes:
    """Send pieces one by one to a server with the protocol, which may count, and return what it answers."""
    state = {"resources": SimpleNamespace(recorder=recorder)} if recorder else {}
    config = uvicorn.Config(_count_bytes, log_config=None)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: BoundedProtocol(config, ServerState(), state), "127.0.0.1", 0
    )
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.05)  # so that they come apart
        answer = await reader.read()
        writer.close()
    return answer


def _answer(*pieces: bytes) -> tuple[int, bytes]:
    """Return the status and body of the answer to pieces."""
    head, _, body = asyncio.run(_exchange(*pieces)).partition(b"\r\n\r\n")
    return int(head.split()[1]), body


class TestBoundedProtocol:
    """`BoundedProtocol`."""

    def test_bodies_have_no_bound_here(self) -> None:
        """A body of any length passes, whole or in chunks."""
        half = b"x" * MAX_BYTES_WITHOUT_BODY
        chunk = b"%x\r\n%s\r\n" % (len(half), half)
        head = b"POST / HTTP/1.1\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % (
            2 * len(half)
        )

        assert _answer(head, half, half) == (200, b"131072")
        assert _answer(CHUNKED, chunk, chunk, b"0\r\n\r\n") == (200, b"131072")

    @pytest.mark.parametrize(
        "pieces",
        [
            (b"GET / HTTP/1.1\r\n" + LONG,),
            (b"GET / HTTP/1.1\r\n", LONG[:40_000], LONG[:40_000]),
            (CHUNKED, b"3\r\nabc\r\n0\r\n", LONG),
        ],
        ids=["at once", "bit by bit", "behind a body"],
    )
    def test_headers_without_end(self, pieces: tuple[bytes, ...]) -> None:
        """Headers beyond the bound are refused with 431, before they end."""
        status, body = _answer(*pieces)

        problem = json.loads(body)
        assert (status, problem["status"]) == (431, 431)
        assert problem["type"] == "urn:problem-type:digitserve:request-head-too-large"
        assert "65,536 bytes" in problem["detail"]

    def test_no_request(self) -> None:
        """Bytes that are no request are refused with 400."""
        status, body = _answer(b"nonsense\r\n\r\n")

        assert (status, json.loads(body)["type"]) == (
            400,
            "urn:problem-type:digitserve:malformed-request",
        )

    def test_requests_sent_ahead(self) -> None:
        """So many may wait for the one in work; one more ends the connection, and none of them is begun."""
        get, last = b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n"

        most = asyncio.run(_exchange(MAX_PIPELINED * get + last))
        status, body = _answer((MAX_PIPELINED + 2) * get)

        assert most.count(b"HTTP/1.1 200 OK") == MAX_PIPELINED + 1
        assert (status, json.loads(body)["type"]) == (
            400,
            "urn:problem-type:digitserve:too-many-pipelined-requests",
        )

    def test_ends_are_counted(self) -> None:
        """Each refusal is counted with its reason."""
        recorder = Recorder()

        asyncio.run(_exchange(b"nonsense\r\n\r\n", recorder=recorder))

        counts = recorder.block.rows.sum(axis=0)[CONNECTION_ENDS:][: len(ENDS)]
        assert dict(zip(ENDS, counts, strict=True)) == {
            **dict.fromkeys(ENDS, 0),
            "malformed": 1,
        }
