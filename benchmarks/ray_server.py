"""Serves the application by one replica on Ray Serve, on this machine alone: `python -m benchmarks.ray_server PORT`."""

import sys

import ray
from ray import serve

from service.cluster.ray_app import deployment
from service.cluster.ray_config import Bounds, deployment_options
from service.settings import Settings

ONE = Bounds(1, 1)


def main() -> None:
    """Serve until a signal comes."""
    settings = Settings()
    ray.init(address="local", _node_ip_address="127.0.0.1", include_dashboard=False)
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    options = deployment_options(settings, ONE)
    serve.run(deployment.options(**options).bind(settings), blocking=True)


if __name__ == "__main__":
    main()
