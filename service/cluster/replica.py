"""A replica: the application behind a proxy of Ray Serve's, which leaves out what uvicorn does for it.

proxy -> ReplicaApp (state, one request id) -> application

It imports nothing of Ray: `service.cluster.ray_app` does.
"""

from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.resources import Resources

REQUEST_ID = b"x-request-id"


class ReplicaApp:
    """Gives every request what the lifespan made, and leaves the request's id to the proxy.

    The proxy chooses an id where the client has none, hands it on and adds it to the answer; a second
    header of that name would only confuse.

    Args:
        app: The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._state: MutableMapping[str, Any] = {}

    @property
    def resources(self) -> Resources:
        """What the lifespan made.

        Raises:
            KeyError: If it has not run.
        """
        resources: Resources = self._state["resources"]
        return resources

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the lifespan, which fills the state, or a request with it."""
        if scope["type"] == "lifespan":
            self._state = scope["state"]
            await self._app(scope, receive, send)
        else:
            scope = {**scope, "state": dict(self._state)}
            await self._app(scope, receive, _without_id(send))


def _without_id(send: Send) -> Send:
    """Send answers without the id of their request."""

    async def send_without_id(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = message["headers"]
            message["headers"] = [header for header in headers if header[0] != REQUEST_ID]
        await send(message)

    return send_without_id
