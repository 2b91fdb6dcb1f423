"""`digitserve serve`: the HTTP service in this process, or in several that share a port.

settings -> application -> FailureTrap -> OnlyServer, or Workers under a Supervisor -> exit code
"""

import argparse
import asyncio
import contextlib
import functools
import ipaddress
import logging
import math
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.config import STARTUP_FAILURE
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.supervisors import multiprocess
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from service.app import create_app
from service.cli import ExitCode, fail, read_settings
from service.cli.acceptor import Acceptor
from service.cli.connections import Connection, StallWatch
from service.cli.logs import configure_log, slim_log_records
from service.cli.tls import find_tls_files
from service.cli.watchdog import Watchdog
from service.cli.workers import num_workers_that_fit
from service.engines import resolve_engine
from service.errors import BundleError, EngineUnavailableError
from service.libtiff import mute_libtiff
from service.metrics.block import CounterBlock
from service.pulse import find_failing
from service.settings import Settings
from service.versions.folder import make_folder

QUIET_LOOKS = 6  # in a row that saw no request; then a server that drains is idle
LOOK_S = 0.05  # between two of them
LAST_CONNECTIONS_S = 2.0  # longest time for who had connected when no more connections were taken
START_TIMEOUT_S = (
    60.0  # of a worker that takes another's place; it takes one on a machine that has time
)
TICKS = 10  # of a tenth of a second, between two looks at clients and engines
SPARE_ROWS = 32  # for workers that are added by a signal, or replace others while those still serve


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal comes.

    Raises:
        UsageError: If a setting is wrong, or a file of TLS.
    """
    settings = read_settings(
        engine=arguments.engine,
        models_dir=arguments.models_dir,
        workers=arguments.workers,
        tls_certificate=arguments.tls_certificate,
        tls_key=arguments.tls_key,
    )
    with make_folder() as folder:
        return _serve(settings, arguments, folder)


def _serve(settings: Settings, arguments: argparse.Namespace, folder: Path | None) -> int:
    """Serve with a folder that the workers share."""
    workers = choose_num_workers(settings, arguments.host)
    counters = CounterBlock(workers + SPARE_ROWS)
    config = uvicorn.Config(
        functools.partial(create_trapped_app, settings, folder, counters),
        factory=True,
        host=arguments.host,
        port=arguments.port,
        workers=workers,
        loop="uvloop",
        http=Connection,
        lifespan="on",
        server_header=False,  # nobody has to know what to attack
        access_log=False,  # the application logs one line a request itself
        log_config=configure_log(settings),
        timeout_graceful_shutdown=settings.drain_timeout_s,
        **find_tls_files(settings),
    )
    _warn_of_strangers(settings, arguments.host)
    try:
        return _run_many(config) if config.workers > 1 else _run_one(config)
    except SystemExit:  # the start failed, and the reason was printed
        return ExitCode.UNUSABLE


def choose_num_workers(settings: Settings, host: str) -> int:
    """Return the number of workers that the settings mean.

    One process serves a developer on loopback, and one owns TensorFlow, which keeps every core, or the
    GPU, busy by itself.
    """
    if settings.workers != "auto":
        return settings.workers
    if _is_loopback(host) or resolve_engine(settings.engine) == "tensorflow":
        return 1
    return num_workers_that_fit()


def create_trapped_app(
    settings: Settings, folder: Path | None, counters: CounterBlock
) -> "FailureTrap":
    """Build the application in the process that serves it."""
    slim_log_records()
    mute_libtiff()
    return FailureTrap(create_app(settings, folder, counters))


class FailureTrap:
    """Explains our own failure at start-up in one line, in place of a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on but the failure."""
        if scope["type"] != "lifespan":
            await self.app(scope, receive, send)
            return
        refusal: Message | None = None

        async def hold_refusal(message: Message) -> None:
            nonlocal refusal
            if message["type"] == "lifespan.startup.failed":
                refusal = message
            else:
                await send(message)

        try:
            await self.app(scope, receive, hold_refusal)
        except (BundleError, EngineUnavailableError) as error:
            fail(error, ExitCode.UNUSABLE)
            # The server would add that start-up failed; the process ends with our line alone.
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
            await send({"type": "lifespan.startup.failed", "message": ""})
        except BaseException:
            if refusal is not None:
                await send(refusal)
            raise


class Server(uvicorn.Server):
    """A server that drains before it stops.

    It goes on serving for at most the configuration's `timeout_graceful_shutdown`, and then waits for the
    answers in work for at most as long again.
    """

    @functools.cached_property
    def _stall_watch(self) -> StallWatch:
        return StallWatch(self.lifespan.state["resources"].settings.head_timeout_s)

    @functools.cached_property
    def _watchdog(self) -> Watchdog:
        return Watchdog(self.lifespan.state["resources"].settings.watchdog_timeout_s)

    async def main_loop(self) -> None:
        """Serve until a signal comes, under the eyes of the watchdog."""
        self._watchdog.start()
        await super().main_loop()

    async def on_tick(self, counter: int) -> bool:
        """Look after connections and engines once a second; return whether to stop."""
        if counter % TICKS == 0:
            if not find_failing(self.lifespan.state["resources"].models):
                self._watchdog.beat()
            connections = cast("set[HttpToolsProtocol]", self.server_state.connections)
            self._stall_watch.look(connections, time.monotonic())
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Go on serving until no request comes any more, then stop.

        By itself the server stops reading at once, and what its clients have sent and it has not read is lost.
        Where requests never cease, it takes no more connections in the end: other workers do.
        """
        self.lifespan.state["resources"].lifecycle.is_draining = True
        # It ends as well what hangs at its end, for which it has three times the bound and a moment.
        self._watchdog.beat(allow_s=3 * (self.config.timeout_graceful_shutdown or 0))
        try:
            await self._drain()
            await super().shutdown(sockets)
        finally:
            self._watchdog.stop()

    async def _drain(self) -> None:
        """Go on serving until no request comes any more, or the bound is reached.

        Whoever connected until then is served too: a connection that was taken and not read yet would be
        closed without a word.
        """
        state = self.server_state
        state.default_headers = [*state.default_headers, (b"connection", b"close")]
        await self._serve_until(lambda: not state.tasks, self.config.timeout_graceful_shutdown or 0)
        for server in self.servers:
            server.close()
        await self._serve_until(lambda: True, LAST_CONNECTIONS_S)

    async def _serve_until(self, is_idle: Callable[[], bool], timeout_s: float) -> None:
        """Serve until it is idle, and no request has come for several looks, or the bound is reached."""
        end = time.monotonic() + timeout_s
        num_seen, num_quiet = -1, 0
        # Looks are counted, not seconds: a process that had no core for a while has not looked.
        while num_quiet < QUIET_LOOKS and time.monotonic() < end and not self.force_exit:
            num_answered = self.server_state.total_requests
            is_quiet = is_idle() and num_answered == num_seen
            num_seen, num_quiet = num_answered, num_quiet + 1 if is_quiet else 0
            await asyncio.sleep(LOOK_S)


class OnlyServer(Server):
    """A server without a supervisor, which says itself how to use it."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the URL and a command to try."""
        await super().startup(sockets)
        _announce(self.servers[0].sockets[0], self.config)


class SharingServer(Server):
    """A server that shares its socket with other processes."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start without listeners, then accept from the shared ones in turn with the others."""
        await super().startup([])
        make_protocol: Callable[[], asyncio.Protocol] = functools.partial(
            cast("Callable[..., asyncio.Protocol]", self.config.http_protocol_class),
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        for listener in sockets or []:
            acceptor = Acceptor(
                listener, make_protocol, backlog=self.config.backlog, tls=self.config.ssl
            )
            self.servers.append(cast("asyncio.Server", acceptor))


class Worker(Process):
    """A process of the supervisor's, with a server of ours in it."""

    def wait_until_ready(self, timeout: float, should_exit: threading.Event | None = None) -> bool:
        """Wait until it serves, for longer than the server would: a busy machine starts it slowly.

        Args:
            timeout: In seconds; at least `START_TIMEOUT_S` is waited.
            should_exit: Ends the wait.

        Returns:
            Whether it serves.
        """
        return super().wait_until_ready(max(timeout, START_TIMEOUT_S), should_exit)

    @property
    def server(self) -> SharingServer:
        """The server."""
        if self._server is None:
            self._server = SharingServer(self.config)
        return cast("SharingServer", self._server)


multiprocess.Process = Worker  # type: ignore[misc]  # by this name its supervisor makes processes


class Supervisor(Multiprocess):
    """Keeps workers alive that share a socket, and says how to use them once the first can be used.

    The others start after the first: what is wrong with a bundle or an engine is said once.
    """

    def __init__(self, config: uvicorn.Config, listener: socket.socket) -> None:
        super().__init__(config, [listener])
        self._is_first_lost = False

    @property
    def has_failed(self) -> bool:
        """Whether a worker could not start."""
        return self._is_first_lost or any(
            process.exitcode == STARTUP_FAILURE for process in self.processes
        )

    def init_processes(self) -> None:
        """Start the first worker, then the others."""
        num_workers, self.processes_num = self.processes_num, 1
        super().init_processes()
        # Without a bound, as for one process alone.
        if not self.processes[0].wait_until_ready(math.inf):
            self._is_first_lost = not self.signal_queue
            self.should_exit.set()
            return
        _announce(self.sockets[0], self.config)
        self.processes_num = num_workers - 1
        super().init_processes()


def _run_one(config: uvicorn.Config) -> ExitCode:
    """Serve in this process."""
    # At its end the server raises the signal again that stopped it, and SIGTERM would kill this process.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        OnlyServer(config).run()
    return ExitCode.OK


def _run_many(config: uvicorn.Config) -> ExitCode:
    """Serve in processes of their own, which this one supervises."""
    with config.bind_socket() as listener:
        supervisor = Supervisor(config, listener)
        supervisor.run()
    return ExitCode.UNUSABLE if supervisor.has_failed else ExitCode.OK


def _warn_of_strangers(settings: Settings, host: str) -> None:
    """Say so where others than this machine's programs reach a service that asks for no key."""
    if not settings.api_keys and not _is_loopback(host):
        print(
            f"digitserve: WARNING: It listens on {host} WITHOUT KEYS: whoever reaches it may use it. Set "
            "DIGITSERVE_API_KEYS, or leave out --host to serve this machine alone.",
            file=sys.stderr,
            flush=True,
        )


def _announce(listener: socket.socket, config: uvicorn.Config) -> None:
    """Print the URL and a command to try."""
    host, port = listener.getsockname()[:2]
    scheme = "https" if config.is_ssl else "http"
    url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
    print(f"digitserve listens on {url} (Ctrl+C stops it). Try:", flush=True)
    print(f"  curl -F file=@docs/images/seven.png {url}/predict", flush=True)


def _is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address; a name counts as one that others reach."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
