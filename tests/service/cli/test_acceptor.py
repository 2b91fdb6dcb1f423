"""Connections that are accepted from a socket; processes that share it are acceptors of one event loop here."""

import asyncio
import errno
import socket
import ssl
from collections import Counter
from collections.abc import Iterator

import pytest

from service.cli import acceptor
from service.cli.acceptor import Acceptor

BACKLOG = 100


class _Greeter(asyncio.Protocol):
    """Says its name to whoever comes."""

    def __init__(self, name: bytes) -> None:
        self._name = name

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, and close."""
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._name)
        transport.close()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A bound socket."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound


def _start(
    listener: socket.socket,
    name: bytes,
    tls: ssl.SSLContext | None = None,
    *,
    made: list[bytes] | None = None,
) -> Acceptor:
    """Accept for greeters of that name, and note each that is made."""

    def make() -> _Greeter:
        if made is not None:
            made.append(name)
        return _Greeter(name)

    return Acceptor(listener, make, backlog=BACKLOG, is_shared=True, tls=tls)


async def _greetings(count: int, listener: socket.socket) -> list[bytes]:
    """Connect so often, all at once, and return what each is told."""

    async def greeting() -> bytes:
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        told = await reader.read()
        writer.close()
        return told

    async with asyncio.timeout(10):
        return await asyncio.gather(*[greeting() for _ in range(count)])


class TestAcceptor:
    """Of `Acceptor`."""

    def test_connections_that_wait_are_shared_out(self, listener: socket.socket) -> None:
        """Two that are equally idle take half each of those that wait; nobody takes them all."""
        listener.listen(BACKLOG)
        clients = [socket.create_connection(listener.getsockname()) for _ in range(40)]
        made = list[bytes]()

        async def serve() -> None:
            with listener.dup() as other:
                acceptors = [_start(listener, b"A", made=made), _start(other, b"B", made=made)]
                async with asyncio.timeout(10):
                    while len(made) < len(clients):
                        await asyncio.sleep(0)
                for each in acceptors:
                    each.close()

        asyncio.run(serve())

        told = Counter(client.recv(1) for client in clients)
        for client in clients:
            client.close()
        assert told == Counter(made) == {b"A": 20, b"B": 20}

    @pytest.mark.parametrize(("is_shared", "bursts"), [(True, [1] * 20), (False, [8, 8, 4])])
    def test_burst(
        self,
        is_shared: bool,
        bursts: list[int],
        listener: socket.socket,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Of twenty that wait it takes one in each turn of the event loop, or a burst where nobody else would."""
        monkeypatch.setattr(acceptor, "BURST", 8)
        listener.listen(BACKLOG)
        clients = [socket.create_connection(listener.getsockname()) for _ in range(20)]

        async def serve() -> list[int]:
            loop, made = asyncio.get_running_loop(), [0]

            def begin_turn() -> None:
                made.append(0)
                loop.call_soon(begin_turn)

            def make() -> _Greeter:
                made[-1] += 1
                return _Greeter(b"A")

            serving = Acceptor(listener, make, backlog=BACKLOG, is_shared=is_shared)
            begin_turn()
            async with asyncio.timeout(10):
                while sum(made) < len(clients):
                    await asyncio.sleep(0)
            serving.close()
            return [count for count in made if count]

        told = asyncio.run(serve())

        for client in clients:
            client.close()
        assert told == bursts

    def test_closed_accepts_no_more(self, listener: socket.socket) -> None:
        """What comes then is for the others, who have the socket still."""

        async def serve() -> list[bytes]:
            with listener.dup() as other:
                leaving, staying = _start(listener, b"A"), _start(other, b"B")
                leaving.close()
                await leaving.wait_closed()
                greetings = await _greetings(10, other)
                staying.close()
                return greetings

        assert asyncio.run(serve()) == [b"B"] * 10

    @pytest.mark.parametrize("is_shared", [False, True])
    def test_closed_leaves_nobody_waiting(self, listener: socket.socket, is_shared: bool) -> None:
        """Who waits when the last one closes is served; who comes then is refused at once."""
        listener.listen(BACKLOG)
        name = listener.getsockname()
        clients = [socket.create_connection(name) for _ in range(3)]

        async def serve() -> None:
            closing = Acceptor(
                listener, lambda: _Greeter(b"A"), backlog=BACKLOG, is_shared=is_shared
            )
            closing.close()
            closing.close()  # as a server does at its end
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(name)
            await asyncio.sleep(0.1)

        asyncio.run(serve())

        told = [client.recv(1) for client in clients]
        for client in clients:
            client.close()
        assert told == [b"A"] * 3

    def test_closed_behind_a_client_that_left(self, listener: socket.socket) -> None:
        """One that has left meanwhile keeps nobody behind it from being served."""
        listener.listen(BACKLOG)
        left = [ConnectionAbortedError(errno.ECONNABORTED, "Software caused connection abort")]

        class Left(socket.socket):
            def accept(self) -> tuple[socket.socket, object]:
                if left:
                    raise left.pop()
                return super().accept()

        async def serve() -> None:
            with Left(fileno=listener.dup().detach()) as leaving:
                _start(leaving, b"A").close()
                await asyncio.sleep(0.1)

        with socket.create_connection(listener.getsockname()) as client:
            asyncio.run(serve())
            assert client.recv(1) == b"A"

    def test_closed_while_clients_keep_coming(self, listener: socket.socket) -> None:
        """As many as may wait are taken, and no more."""
        listener.listen(BACKLOG)
        clients = [socket.create_connection(listener.getsockname()) for _ in range(3)]
        made: list[bool] = []

        async def serve() -> None:
            def make() -> _Greeter:
                made.append(True)
                return _Greeter(b"A")

            Acceptor(listener, make, backlog=2, is_shared=False).close()
            await asyncio.sleep(0.1)

        asyncio.run(serve())
        for client in clients:
            client.close()

        assert len(made) == 2

    def test_answers_are_sent_at_once(self, listener: socket.socket) -> None:
        """Small writes wait for no acknowledgement of the ones before."""
        delays: list[int] = []

        class Noting(_Greeter):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                connection = transport.get_extra_info("socket")
                delays.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
                super().connection_made(transport)

        async def serve() -> None:
            started = Acceptor(listener, lambda: Noting(b"A"), backlog=BACKLOG, is_shared=True)
            await _greetings(1, listener)
            started.close()

        asyncio.run(serve())

        assert delays == [1]

    def test_another_was_faster(
        self, listener: socket.socket, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Who wakes for a connection that another process has taken goes back to wait, without a word."""
        misses = [BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")]

        class Late(socket.socket):
            def accept(self) -> tuple[socket.socket, object]:
                if misses:
                    raise misses.pop()
                return super().accept()

        async def serve() -> list[bytes]:
            with Late(fileno=listener.dup().detach()) as late:
                started = _start(late, b"A")
                greetings = await _greetings(1, listener)
                started.close()
                return greetings

        assert asyncio.run(serve()) == [b"A"]
        assert (misses, caplog.messages) == ([], [])

    @pytest.mark.parametrize("is_closed_meanwhile", [False, True])
    def test_failure_of_the_system(
        self,
        is_closed_meanwhile: bool,
        listener: socket.socket,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """Where no file can be opened any more it says so, rests, and tries again unless it is closed."""
        monkeypatch.setattr(acceptor, "RETRY_S", 0.05)
        num_failures = 2 if is_closed_meanwhile else 1
        failures, greeted = [OSError(errno.EMFILE, "Too many open files")] * num_failures, []

        class Failing(socket.socket):
            def accept(self) -> tuple[socket.socket, object]:
                if failures:
                    raise failures.pop()
                accepted = super().accept()
                greeted.append(True)
                return accepted

        async def serve() -> None:
            with Failing(fileno=listener.dup().detach()) as failing:
                started = _start(failing, b"A")
                with socket.create_connection(listener.getsockname()):
                    while len(failures) == num_failures:
                        await asyncio.sleep(0.01)
                    if is_closed_meanwhile:
                        started.close()
                    await asyncio.sleep(0.3)
                started.close()

        asyncio.run(serve())

        assert greeted == ([] if is_closed_meanwhile else [True])
        told = ["No connection can be accepted: Too many open files."]
        assert caplog.messages == told * num_failures

    def test_client_that_speaks_no_tls(self, listener: socket.socket) -> None:
        """It loses its connection, and nothing else happens."""
        failures: list[dict[str, object]] = []

        async def serve() -> bytes:
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _loop, context: failures.append(context))
            started = _start(listener, b"A", ssl.create_default_context(ssl.Purpose.CLIENT_AUTH))
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            async with asyncio.timeout(10):
                told = await reader.read()
            writer.close()
            started.close()
            return told

        assert b"A" not in asyncio.run(serve())
        assert failures == []
