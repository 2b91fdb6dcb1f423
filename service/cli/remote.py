"""A service elsewhere, for the commands: the client library, and what its errors mean to the shell."""

import argparse
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from service.cli.outcomes import FileRefusedError, ServiceUnusableError, UsageError

if TYPE_CHECKING:
    from digitserve_client import Client, ServiceError


def connect(arguments: argparse.Namespace) -> "Client":
    """Return a client of the service that `--url` and `--key` name.

    Raises:
        ServiceUnusableError: If the URL is none.
        UsageError: If no header can carry the key.
    """
    from digitserve_client import Client
    from service.security.keys import is_key

    if arguments.key and not is_key(arguments.key):
        raise UsageError("The key has a space or a character beyond ASCII. Give it as you got it.")
    with meanings():
        return Client(arguments.url, key=arguments.key or None)


@contextmanager
def meanings() -> Generator[None]:
    """Raise what an error of the client means to a command.

    Raises:
        FileRefusedError: If the service cannot use the file.
        UsageError: If the service has no such model, or asks for another key.
        ServiceUnusableError: If it does not answer, failed, or is no digitserve.
    """
    from digitserve_client import ClientError, ServiceError

    try:
        yield
    except ServiceError as error:
        raise _meaning(error) from error
    except ClientError as error:
        raise ServiceUnusableError(str(error)) from error


def _meaning(error: "ServiceError") -> Exception:
    """Return what a refusal means to a command."""
    if error.code == "unknown-model":
        return UsageError(str(error))
    if error.status in {401, 403}:
        return UsageError(
            "The service asks for a key, or for another: give --key or DIGITSERVE_KEY."
        )
    if error.status in {413, 415, 422}:
        return FileRefusedError(str(error))
    return ServiceUnusableError(f"The service answered with status {error.status}: {error}")
