"""`digitserve ray-config`: the configuration file of Ray Serve, for `serve deploy`.

settings, options -> configuration -> YAML on standard output
"""

import argparse
from typing import TYPE_CHECKING

from service.cli.options import add_address, add_engine, read_settings
from service.cli.outcomes import ExitCode, ServiceUnusableError, UsageError

if TYPE_CHECKING:
    from service.cluster.ray_config import Bounds

SUMMARY = "Print the configuration of Ray Serve, as YAML."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    add_address(parser, host="address of the proxies", port="their port")
    add_engine(parser)
    parser.add_argument(
        "--models-dir", metavar="DIR", help="directory of the bundles on every node"
    )
    for option, default, text in (("min", 1, "least"), ("max", 20, "most")):
        parser.add_argument(
            f"--{option}-replicas",
            type=int,
            default=default,
            metavar="N",
            help=f"{text} replicas (%(default)s)",
        )


def run(arguments: argparse.Namespace) -> int:
    """Print the configuration.

    Raises:
        ServiceUnusableError: If what writes it is not installed.
        UsageError: If a setting is wrong, or the bounds are.
    """
    from service.cluster.ray_config import Address, describe_service

    settings = read_settings(engine=arguments.engine, models_dir=arguments.models_dir)
    bounds = _read_bounds(arguments.min_replicas, arguments.max_replicas)
    print(
        _write(describe_service(settings, bounds, Address(arguments.host, arguments.port))), end=""
    )
    return ExitCode.OK


def _read_bounds(min_replicas: int, max_replicas: int) -> "Bounds":
    """Check the options that bound the number of replicas."""
    from service.cluster.ray_config import Bounds

    if not 1 <= min_replicas <= max_replicas:
        raise UsageError(
            f"The replicas are {min_replicas} at least and {max_replicas} at most. Give at least one, "
            "and no fewer at most."
        )
    return Bounds(min_replicas, max_replicas)


def _write(configuration: dict[str, object]) -> str:
    """Write a configuration as YAML."""
    try:
        import yaml
    except ImportError as cause:
        raise ServiceUnusableError(
            "PyYAML is not installed, which writes the configuration. Install the extra of Ray: "
            "pip install -e '.[ray]' in a checkout."
        ) from cause
    return yaml.safe_dump(configuration, sort_keys=False)
