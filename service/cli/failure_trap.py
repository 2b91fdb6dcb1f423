"""The failure trap: our own failure at start-up, told in one line in place of a traceback."""

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.cli.outcomes import ExitCode, fail
from service.errors import BundleError, EngineUnavailableError, TracesUnavailableError


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
        except (BundleError, EngineUnavailableError, TracesUnavailableError) as error:
            fail(error, ExitCode.UNUSABLE)
            # The server would add that start-up failed; the process ends with our line alone.
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
            await send({"type": "lifespan.startup.failed", "message": ""})
        except BaseException:
            if refusal is not None:
                await send(refusal)
            raise
