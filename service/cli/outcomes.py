"""What a command's end means: its exit codes, and the errors that lead to them."""

import sys
from enum import IntEnum

EXIT_CODES = """\
exit codes:
  0  every file was recognised or evaluated; a digit that is called uncertain counts
  1  at least one file could not be used: unreadable, no image, no ink on it
  2  the arguments, the settings or the model's name are wrong
  3  the service or the bundle cannot be used: no answer from the URL, a damaged bundle,
     an engine that is missing, a port that is taken
"""


class ExitCode(IntEnum):
    """What the command tells the shell."""

    OK = 0
    FILE_FAILED = 1
    USAGE = 2
    UNUSABLE = 3
    INTERRUPTED = 130  # 128 + SIGINT, as shells have it
    BROKEN_PIPE = 141  # 128 + SIGPIPE


class UsageError(Exception):
    """The settings that the command was given are wrong (exit code 2)."""


class ServiceUnusableError(Exception):
    """The service at the URL does not answer, or not as digitserve does (exit code 3)."""


class FileRefusedError(Exception):
    """The service at the URL cannot use a file (exit code 1); the message is its detail."""


def fail(error: Exception, code: ExitCode) -> ExitCode:
    """Explain an error in one line on standard error and return the exit code."""
    print(f"digitserve: {' '.join(str(error).split())}", file=sys.stderr)
    return code
