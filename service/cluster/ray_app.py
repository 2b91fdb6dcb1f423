"""The application on Ray Serve: replicas in a cluster, in place of workers on a machine.

    digitserve ray-config -> serve deploy -> app() -> replicas: create_app, its lifespan, its pulse

What a server's process does for its workers, Serve does: it starts and replaces replicas, drains them, spreads
requests over them, and their number follows the requests in work. Needs the extra `ray`.
"""

import asyncio
import logging.config
from typing import Any

from ray import serve
from ray.serve import Application
from starlette.types import ASGIApp

from service.app import create_app
from service.cluster.ray_config import DEPLOYMENT, Bounds, deployment_options
from service.cluster.ray_metrics import export_for_ever
from service.cluster.replica import ReplicaApp
from service.inference.pulse import find_failing
from service.preprocessing.libtiff import mute_libtiff
from service.settings import Settings
from service.telemetry.logs import configure_log


class Replica:
    """A replica, as Serve wants it: it builds the application and tells of its health.

    Args:
        settings: The same for all of them.
    """

    def __init__(self, settings: Settings) -> None:
        self._replica = ReplicaApp(create_app(settings, can_change_versions=False))
        logging.config.dictConfig(configure_log(settings.log_format))
        mute_libtiff()
        self._exporting: asyncio.Task[None] | None = None

    def __serve_build_asgi_app__(self) -> ASGIApp:
        """Return the application, whose lifespan Serve runs."""
        return self._replica

    async def check_health(self) -> None:
        """Hold while every model has computed something of late, as the service's readiness does.

        Raises:
            RuntimeError: If one has not.
        """
        resources = self._replica.resources
        if self._exporting is None:  # the first call comes when the lifespan has begun
            self._exporting = asyncio.create_task(export_for_ever(resources))
        resources.body_memory.give_back()
        if failing := find_failing(resources.models):
            raise RuntimeError(f"These models compute nothing: {', '.join(failing)}.")
        if resources.decoder_watch.has_hung:
            raise RuntimeError("A thread hangs in a decoder.")


deployment = serve.deployment(name=DEPLOYMENT)(serve.ingress()(Replica))


def app(arguments: dict[str, Any]) -> Application:
    """Build the application that `serve run` and `serve deploy` start.

    Args:
        arguments: Settings by name; those left out come from the environment of the node that builds it.

    Raises:
        pydantic.ValidationError: If one is wrong.
    """
    settings = Settings(**arguments)
    return deployment.options(**deployment_options(settings, Bounds())).bind(settings)
