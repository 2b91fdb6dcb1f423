"""`digitserve ray-config`: the configuration file of Ray Serve, for `serve deploy`.

settings, options -> configuration -> YAML on standard output
"""

import argparse

from service.cli import ExitCode, ServiceUnusableError, UsageError, read_settings
from service.ray_config import Address, Bounds, describe_service


def run(arguments: argparse.Namespace) -> int:
    """Print the configuration.

    Raises:
        ServiceUnusableError: If what writes it is not installed.
        UsageError: If a setting is wrong, or the bounds are.
    """
    settings = read_settings(engine=arguments.engine, models_dir=arguments.models_dir)
    bounds = _read_bounds(arguments.min_replicas, arguments.max_replicas)
    print(
        _write(describe_service(settings, bounds, Address(arguments.host, arguments.port))), end=""
    )
    return ExitCode.OK


def _read_bounds(min_replicas: int, max_replicas: int) -> Bounds:
    """Check the options that bound the number of replicas."""
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
            "pip install 'digitserve[ray]'."
        ) from cause
    return yaml.safe_dump(configuration, sort_keys=False)
