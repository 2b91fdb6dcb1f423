"""The command `digitserve`: serve, predict, evaluate, score, ray-config.

    arguments -> command -> exit code

Each command is a module, which describes its arguments and runs; it imports its libraries when it runs, so that
start-up stays quick. Answers go to standard output, everything else to standard error.
"""

import argparse
import functools
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from service import __version__
from service.cli import evaluate, predict, ray_config, score, serve
from service.cli.outcomes import EXIT_CODES, ExitCode, ServiceUnusableError, UsageError, fail
from service.errors import BundleError, EngineUnavailableError, UnknownModelError

HELP_COLUMN = 28  # the widest option is named beside its text


class Command(Protocol):
    """A module with a command."""

    @property
    def SUMMARY(self) -> str:  # noqa: N802 - a constant of a module
        """What it does, in one sentence."""
        ...

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Describe its arguments."""
        ...

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it, and return the exit code."""
        ...


COMMANDS: Mapping[str, Command] = {
    "serve": serve,
    "predict": predict,
    "evaluate": evaluate,
    "score": score,
    "ray-config": ray_config,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments without the program's name; default: those of the process.

    Returns:
        The exit code, one of `ExitCode`.

    Raises:
        SystemExit: From argparse: 0 after `--help` and `--version`, 2 for wrong arguments.
    """
    arguments = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = arguments.run
    try:
        return run(arguments)
    except (UsageError, UnknownModelError) as error:
        return fail(error, ExitCode.USAGE)
    except (ServiceUnusableError, BundleError, EngineUnavailableError) as error:
        return fail(error, ExitCode.UNUSABLE)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:  # the reader, `head` say, has had enough
        # Python flushes once more when it ends; that must not fail too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.BROKEN_PIPE


def _parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    layout = functools.partial(argparse.RawDescriptionHelpFormatter, max_help_position=HELP_COLUMN)
    parser = argparse.ArgumentParser(
        prog="digitserve",
        description="Recognise handwritten digits.",
        epilog=f"`digitserve COMMAND --help` explains a command.\n\n{EXIT_CODES}",
        formatter_class=layout,
    )
    parser.add_argument("--version", action="version", version=f"digitserve {__version__}")
    commands = parser.add_subparsers(required=True, title="commands", metavar="COMMAND")
    for name, command in COMMANDS.items():
        own = commands.add_parser(
            name,
            help=command.SUMMARY,
            description=command.SUMMARY,
            epilog=EXIT_CODES,
            formatter_class=layout,
        )
        command.add_arguments(own)
        own.set_defaults(run=command.run)
    return parser
