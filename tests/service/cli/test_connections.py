"""Connections whose clients stall or leave."""

import asyncio
import math
import socket
from typing import Any, cast

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from service.cli.connections import Connection, StallWatch
from service.intake.admission import Gate
from service.intake.slow_bodies import MIN_BYTES_PER_S
from service.routes.intake import PLACE, REQUESTS

GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


class _Transport:
    """A transport.

    Attributes:
        is_aborted: Whether it was closed.
    """

    is_aborted = False

    def abort(self) -> None:
        """Close."""
        self.is_aborted = True


class _Object:
    """Has any attributes."""

    def __init__(self, **attributes: object) -> None:
        vars(self).update(attributes)


def _connection(
    *, answered: bool | None = None, keeps_alive: bool = False, write_paused: bool = False
) -> Any:
    """Make a connection.

    Args:
        answered: Whether its last request is; None: there was none.
        keeps_alive: Whether the server waits for the next request.
        write_paused: Whether the client does not read.
    """
    return _Object(
        transport=_Transport(),
        flow=_Object(write_paused=write_paused),
        cycle=None if answered is None else _Object(response_complete=answered),
        timeout_keep_alive_task=object() if keeps_alive else None,
        num_taken=0,
        count_end=lambda _reason: None,
    )


def _look(connection: Any, *times: float) -> bool:
    """Look at these times; return whether the connection was closed."""
    watch = StallWatch(10)
    for now in times:
        watch.look([cast("Connection", connection)], now)
    return cast("bool", connection.transport.is_aborted)


class TestConnection:
    """`Connection`."""

    @pytest.mark.parametrize(
        ("request_head", "num_taken"),
        [(GET, [1, 0]), (3 * GET, [1, 0]), (b"GET / HT", [0, 0])],
        ids=["request", "requests sent ahead", "half a head"],
    )
    def test_client_that_leaves(self, request_head: bytes, num_taken: list[int]) -> None:
        """The place of its request is free, though the request is still in work."""
        assert asyncio.run(_leave(request_head)) == num_taken

    @pytest.mark.parametrize("num_clients", [1, 3])
    def test_requests_know_of_each_other(self, num_clients: int) -> None:
        """Each is told of all that the server had read when the first of them began."""
        assert asyncio.run(_count_requests(num_clients)) == [num_clients] * num_clients

    def test_client_that_sent_ahead_and_left(self) -> None:
        """The request in work is told, though it is not the last that was read, and no other is begun."""
        assert asyncio.run(_receive_what_follows(3 * GET)) == ["http.request", "http.disconnect"]


async def _count_requests(num_clients: int) -> list[int]:
    """Read a request of each client in one turn of the loop; return how many each of them is told of."""
    told: list[int] = []
    state, is_over = ServerState(), asyncio.Event()

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        told.append(len(scope["state"][REQUESTS]))
        await is_over.wait()

    config, loop = uvicorn.Config(app, log_config=None), asyncio.get_running_loop()
    connections, clients = [], []
    for _ in range(num_clients):
        client, end = socket.socketpair()
        connections.append(Connection(config, state, {}))
        clients.append(client)
        await loop.connect_accepted_socket(lambda: connections[-1], end)
    for connection in connections:
        connection.data_received(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    await asyncio.sleep(0.01)
    for client in clients:
        client.close()
    await asyncio.gather(*[asyncio.wait_for(_closed(each), 10) for each in connections])
    is_over.set()
    await asyncio.sleep(0.01)
    return told


async def _receive_what_follows(requests: bytes) -> list[str]:
    """Send requests and leave; return what the application receives by then."""
    received: list[str] = []

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        received.append((await receive())["type"])
        received.append((await receive())["type"])

    loop = asyncio.get_running_loop()
    connection = Connection(uvicorn.Config(app, log_config=None), ServerState(), {})
    client, end = socket.socketpair()
    await loop.connect_accepted_socket(lambda: connection, end)
    client.sendall(requests)
    await asyncio.sleep(0.1)
    client.close()
    await asyncio.wait_for(_closed(connection), 10)
    await asyncio.sleep(0.1)
    return received


async def _leave(request_head: bytes) -> list[int]:
    """Send a request and leave; return how many places are taken before and after."""
    gate, is_over = Gate(1), asyncio.Event()

    async def app(scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()
        scope["state"][PLACE] = gate.enter(math.inf)
        await is_over.wait()

    loop = asyncio.get_running_loop()
    connection = Connection(uvicorn.Config(app, log_config=None), ServerState(), {})
    client, end = socket.socketpair()
    await loop.connect_accepted_socket(lambda: connection, end)
    client.sendall(request_head)
    await asyncio.sleep(0.1)
    before = gate.num_taken
    StallWatch(10).look([connection], 0)  # which ends nothing yet
    client.close()
    await asyncio.wait_for(_closed(connection), 10)
    after = gate.num_taken
    is_over.set()
    await asyncio.sleep(0.01)
    return [before, after]


async def _closed(connection: Connection) -> None:
    """Wait until a connection is lost."""
    while connection in connection.connections:
        await asyncio.sleep(0.01)


class TestStallWatch:
    """`StallWatch`."""

    @pytest.mark.parametrize(
        "state",
        [{}, {"answered": True}, {"answered": False, "write_paused": True}],
        ids=["first head", "later head", "answer that is not read"],
    )
    def test_stalled(self, state: dict[str, bool]) -> None:
        """A client that gets nowhere is closed after the bound, and not before."""
        assert not _look(_connection(**state), 100, 105, 109.9)
        assert _look(_connection(**state), 100, 105, 110)

    @pytest.mark.parametrize(
        "state",
        [{"answered": False}, {"answered": True, "keeps_alive": True}],
        ids=["request in work", "between requests"],
    )
    def test_not_stalled(self, state: dict[str, bool]) -> None:
        """Who waits for the server, or is waited for by another bound, is left alone."""
        assert not _look(_connection(**state), 100, 200, 300)

    def test_progress(self) -> None:
        """Another request, or bytes taken, is progress."""
        next_request, reader = (
            _connection(answered=True),
            _connection(answered=False, write_paused=True),
        )
        watch = StallWatch(10)
        watch.look([next_request, reader], 100)

        next_request.cycle = _Object(response_complete=True)
        reader.num_taken = MIN_BYTES_PER_S * 2
        watch.look([next_request, reader], 111)

        assert not next_request.transport.is_aborted
        assert not reader.transport.is_aborted

    @pytest.mark.parametrize(("num_taken", "is_ended"), [(MIN_BYTES_PER_S, False), (1000, True)])
    def test_slow_reader(self, num_taken: int, *, is_ended: bool) -> None:
        """Who takes a little in each second, and so keeps a place for long, is ended; at a usual pace nobody is."""
        reader = _connection(answered=False, write_paused=True)
        watch = StallWatch(10)

        for now in range(100, 130):
            watch.look([reader], now)
            reader.num_taken += num_taken

        assert reader.transport.is_aborted == is_ended

    def test_busy_in_between(self) -> None:
        """What stalls anew is given the whole time anew."""
        connection = _connection(answered=True)
        watch = StallWatch(10)

        watch.look([connection], 100)
        connection.timeout_keep_alive_task = object()
        watch.look([connection], 108)
        connection.timeout_keep_alive_task = None
        watch.look([connection], 111)

        assert not connection.transport.is_aborted
