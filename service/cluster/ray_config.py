"""The configuration of Ray Serve: the service's settings in the words of `serve deploy`.

settings, bounds of the cluster -> options of the deployment -> configuration file

It imports nothing of Ray, so that the file can be written where Ray is not installed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from service.security.keys import HASHED, KeyDigest
from service.settings import Settings

APPLICATION = "digitserve"
DEPLOYMENT = "Digits"
IMPORT_PATH = "service.cluster.ray_app:app"

# A worker answers sixteen at once nearly as fast as one; half of that leaves room for a burst.
TARGET_ONGOING_REQUESTS = 8
LOOK_BACK_S = 15.0  # requests in work are averaged over; replicas tell of theirs every ten seconds
UPSCALE_DELAY_S = 5.0
DOWNSCALE_DELAY_S = 300.0
SURGE_PERCENT = 25  # of the replicas, at least one, that start before those that they replace stop
RETRY_AFTER_S = 1.0
HEALTH_CHECK_PERIOD_S = 5.0
NUM_HEALTH_CHECKS = 3  # in a row that fail, and Serve replaces the replica
EXIT_S = 5.0  # beyond the drain, for a replica's own end
# Of `digitserve serve` alone, or what the proxies do here.
OF_THE_SERVER = {"workers", "head_timeout_s", "tls_certificate", "tls_key"}
KEYS = ("api_keys", "admin_keys")


@dataclass(frozen=True)
class Bounds:
    """How many replicas there may be.

    Attributes:
        min_replicas: At least so many.
        max_replicas: At most so many.
    """

    min_replicas: int = 1
    max_replicas: int = 20


@dataclass(frozen=True)
class Address:
    """Where the proxy of every node listens."""

    host: str = "127.0.0.1"
    port: int = 8000


def deployment_options(settings: Settings, bounds: Bounds) -> dict[str, Any]:
    """Return the options of the deployment.

    A replica itself refuses what is too much, with its own problem document; Serve's queue in front of it is
    for requests that the routes of its health and page take besides.
    """
    return {
        "max_ongoing_requests": 2 * settings.max_waiting,
        "max_queued_requests": settings.max_waiting,
        "backpressure_config": {"retry_after_s": RETRY_AFTER_S},
        "autoscaling_config": {
            "min_replicas": bounds.min_replicas,
            "max_replicas": bounds.max_replicas,
            "target_ongoing_requests": TARGET_ONGOING_REQUESTS,
            "look_back_period_s": LOOK_BACK_S,
            "upscale_delay_s": UPSCALE_DELAY_S,
            "downscale_delay_s": DOWNSCALE_DELAY_S,
        },
        "max_surge_percent": SURGE_PERCENT,
        # As `digitserve serve` drains: so long, and as long again for the answers in work.
        "graceful_shutdown_timeout_s": 2 * settings.drain_timeout_s + EXIT_S,
        "graceful_shutdown_wait_loop_s": 1.0,
        **_health_checks(settings),
        "ray_actor_options": {"num_cpus": 1, "num_gpus": int(settings.require_gpu)},
        "logging_config": {"enable_access_log": False},  # the service logs a line itself
    }


def describe_service(settings: Settings, bounds: Bounds, address: Address) -> dict[str, Any]:
    """Return the content of the configuration file.

    Settings that have their default are left out: where they are given in the nodes' environment, this holds.
    """
    return {
        "proxy_location": "EveryNode",
        "http_options": {"host": address.host, "port": address.port, **_tls_files(settings)},
        "logging_config": {"enable_access_log": False, "encoding": "JSON"},
        "applications": [
            {
                "name": APPLICATION,
                "route_prefix": "/",
                "import_path": IMPORT_PATH,
                "args": write_settings(settings),
                "deployments": [{"name": DEPLOYMENT, **deployment_options(settings, bounds)}],
            }
        ],
    }


def write_settings(settings: Settings) -> dict[str, Any]:
    """Return the settings of a replica that are not the default, as JSON has them; of keys the hashes alone."""
    written = settings.model_dump(
        mode="json", exclude_defaults=True, exclude=OF_THE_SERVER | set(KEYS)
    )
    keys = {name: _write_digests(getattr(settings, name)) for name in KEYS}
    return written | {name: text for name, text in keys.items() if text}


def _health_checks(settings: Settings) -> dict[str, float]:
    """Return when a replica that hangs is replaced: as the watchdog would, or late where there is none."""
    if not settings.watchdog_timeout_s:
        return {"health_check_period_s": HEALTH_CHECK_PERIOD_S}
    return {
        "health_check_period_s": HEALTH_CHECK_PERIOD_S,
        "health_check_timeout_s": settings.watchdog_timeout_s / NUM_HEALTH_CHECKS,
    }


def _tls_files(settings: Settings) -> dict[str, str]:
    """Return the certificate and the key of the proxies, if they speak HTTPS; both may be in one file."""
    if settings.tls_certificate is None:
        return {}
    key = settings.tls_key or settings.tls_certificate
    return {"ssl_certfile": str(settings.tls_certificate), "ssl_keyfile": str(key)}


def _write_digests(digests: Iterable[KeyDigest]) -> str:
    """Write digests as the setting has them."""
    return ",".join(f"{HASHED}{digest.hex()}" for digest in digests)
