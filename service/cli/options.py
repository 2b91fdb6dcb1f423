"""Options that several commands have, and the settings that they win over.

arguments, environment -> `Settings`
"""

import argparse
import os
from typing import TYPE_CHECKING, Any

from service.cli.outcomes import UsageError

if TYPE_CHECKING:
    from service.settings import Settings

ENGINES = ("auto", "litert", "tensorflow")


def add_address(parser: argparse.ArgumentParser, *, host: str, port: str) -> None:
    """Add `--host` and `--port`.

    Args:
        parser: Of the command.
        host: What the address is of.
        port: What the port is of.
    """
    parser.add_argument("--host", default="127.0.0.1", help=f"{host} (%(default)s)")
    parser.add_argument("--port", type=int, default=8000, help=f"{port} (%(default)s)")


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Add `--engine`."""
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        metavar="ENGINE",
        help="what computes the network: auto, litert or tensorflow (auto)",
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add `--model`."""
    parser.add_argument("--model", metavar="NAME", help="name of the model (the default model)")


def add_service(parser: argparse.ArgumentParser) -> None:
    """Add `--url` and `--key` of a service that is asked instead of a model here."""
    parser.add_argument("--url", help="ask the service at this URL instead of a model here")
    parser.add_argument(
        "--key",
        default=os.environ.get("DIGITSERVE_KEY"),
        help="API key of that service (default: DIGITSERVE_KEY of the environment, which unlike "
        "a command line is not for all users of the machine to see)",
    )


def positive(text: str) -> int:
    """Read a number of at least 1."""
    if (number := int(text)) < 1:
        raise ValueError
    return number


def read_settings(**given: Any) -> "Settings":
    """Read the settings; an option that was given wins over the environment.

    Args:
        **given: Settings by name; None where the option was left out.

    Raises:
        UsageError: If one is not of its type or range.
    """
    from pydantic import ValidationError

    from service.settings import Settings

    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as cause:
        problems = "; ".join(
            f"DIGITSERVE_{str(item['loc'][0]).upper()}: {item['msg']}" for item in cause.errors()
        )
        raise UsageError(f"A setting is wrong. {problems}. Set it anew or unset it.") from cause
