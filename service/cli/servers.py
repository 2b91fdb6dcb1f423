"""Servers: of one process alone, and of a worker that shares its socket; both drain before they stop.

signal -> not ready, serving on -> no request comes any more -> no connection is taken -> stop
"""

import asyncio
import functools
import logging
import os
import socket
import sys
import time
from collections.abc import Callable
from typing import cast

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from service.cli.acceptor import Acceptor
from service.cli.addresses import announce
from service.cli.connections import Connection, StallWatch
from service.cli.stop_times import LAST_CONNECTIONS_S
from service.cli.watchdog import Watchdog
from service.settings import Settings

QUIET_LOOKS = 6  # in a row that saw no request; then a server that drains is idle
LOOK_S = 0.05  # between two of them
TICKS = 10  # of a tenth of a second, between two looks at clients, engines and memory

logger = logging.getLogger("digitserve")


class Server(uvicorn.Server):
    """A server that drains before it stops.

    It goes on serving for at most the configuration's `timeout_graceful_shutdown`, and then waits for the
    answers in work for at most as long again.

    Attributes:
        is_sharing: Whether it shares its sockets with other processes.
    """

    is_sharing = False

    @functools.cached_property
    def _stall_watch(self) -> StallWatch:
        return StallWatch(self.lifespan.state["resources"].settings.head_timeout_s)

    @functools.cached_property
    def _watchdog(self) -> Watchdog:
        return Watchdog(self.lifespan.state["resources"].settings.watchdog_timeout_s)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start without listeners, then accept from those that are bound."""
        await super().startup([])
        self.started = False  # as yet nobody listens
        make_protocol: Callable[[], asyncio.Protocol] = functools.partial(
            cast("Callable[..., asyncio.Protocol]", self.config.http_protocol_class),
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        for listener in sockets or []:
            try:
                acceptor = Acceptor(
                    listener,
                    make_protocol,
                    backlog=self.config.backlog,
                    is_shared=self.is_sharing,
                    tls=self.config.ssl,
                )
            except OSError as error:  # another program has begun to listen there meanwhile
                logger.error("It cannot listen: %s.", error.strerror)
                await self.lifespan.shutdown()
                sys.exit(STARTUP_FAILURE)
            self.servers.append(cast("asyncio.Server", acceptor))
        self.started = True

    async def main_loop(self) -> None:
        """Serve until a signal comes, under the eyes of the watchdog."""
        self._watchdog.start()
        await super().main_loop()

    async def on_tick(self, counter: int) -> bool:
        """Look after connections, engines and memory once a second; return whether to stop."""
        if counter % TICKS == 0:
            resources = self.lifespan.state["resources"]
            if resources.is_working:
                self._watchdog.beat()
            resources.body_memory.give_back()
            connections = cast("set[Connection]", self.server_state.connections)
            self._stall_watch.look(connections, time.monotonic())
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Go on serving until no request comes any more, then stop.

        By itself the server stops reading at once, and what its clients have sent and it has not read is lost.
        Where requests never cease, it takes no more connections in the end: other workers do, if there are any.
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

    def __init__(self, config: uvicorn.Config, settings: Settings) -> None:
        super().__init__(config)
        self._settings = settings

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the URL and a command to try."""
        await super().startup(sockets)
        for listener in (sockets or [])[:1]:
            announce(listener, self._settings)


class SharingServer(Server):
    """A server that shares its socket with other processes, and ends when their supervisor has.

    Args:
        config: Of all of them.
        supervisor_id: Of the process that started this one, and stops it.
    """

    is_sharing = True

    def __init__(self, config: uvicorn.Config, supervisor_id: int) -> None:
        super().__init__(config)
        self._supervisor_id = supervisor_id

    async def on_tick(self, counter: int) -> bool:
        """Look as well whether there is a supervisor: one that is killed stops nobody."""
        if os.getppid() != self._supervisor_id and not self.should_exit:
            logger.error(
                "The supervisor is gone. This worker answers what it has been sent, and ends."
            )
            self.should_exit = True
        return await super().on_tick(counter)
