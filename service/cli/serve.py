"""`digitserve serve`: the HTTP service in this process.

settings -> application -> FailureTrap -> Server -> exit code
"""

import argparse
import copy
import logging
import socket

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.config import LOGGING_CONFIG

from service.app import create_app
from service.cli import ExitCode, fail, read_settings
from service.errors import BundleError, EngineUnavailableError


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal comes.

    Raises:
        UsageError: If a setting is wrong.
    """
    settings = read_settings(engine=arguments.engine, models_dir=arguments.models_dir)
    trap = FailureTrap(create_app(settings))
    server = Server(
        uvicorn.Config(
            trap,
            host=arguments.host,
            port=arguments.port,
            loop="uvloop",
            http="httptools",
            lifespan="on",
            access_log=False,  # the application logs one line a request itself
            log_config=_log_config(),
        )
    )
    try:
        server.run()
    except SystemExit:  # the start failed: by our failure, or with a line of the server's
        return fail(trap.failure, ExitCode.UNUSABLE) if trap.failure else ExitCode.UNUSABLE
    except KeyboardInterrupt:  # the server has shut down before it raises the signal again
        pass
    return ExitCode.OK


class FailureTrap:
    """Keeps our own failure at start-up, whose message says all, from becoming a traceback.

    Attributes:
        failure: The failure, if there was one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.failure: BundleError | EngineUnavailableError | None = None

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
            self.failure = error
            # The server would add that start-up failed; the process ends with our line alone.
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
            await send({"type": "lifespan.startup.failed", "message": ""})
        except BaseException:
            if refusal is not None:
                await send(refusal)
            raise


class Server(uvicorn.Server):
    """A server that says how to use it once it can be used."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the URL and a command to try."""
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        print(f"digitserve listens on {url} (Ctrl+C stops it). Try:", flush=True)
        print(f"  curl -F file=@docs/images/seven.png {url}/predict", flush=True)


def _log_config() -> dict[str, object]:
    """Return the server's logging with the application's own lines in it."""
    config = copy.deepcopy(LOGGING_CONFIG)
    config["loggers"]["uvicorn.error"]["level"] = "WARNING"  # our own line says that it runs
    config["loggers"]["digitserve"] = {"handlers": ["default"], "level": "INFO", "propagate": False}
    return config
