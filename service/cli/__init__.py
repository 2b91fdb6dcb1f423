"""The command `digitserve`: serve, predict, evaluate, score, ray-config.

    arguments -> command -> exit code

A command imports its libraries when it runs, so that start-up stays quick.
Answers go to standard output, everything else to standard error.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service import __version__
from service.errors import BundleError, EngineUnavailableError, UnknownModelError

if TYPE_CHECKING:
    from service.settings import Settings

ENGINES = ("auto", "litert", "tensorflow")
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


def fail(error: Exception, code: ExitCode) -> ExitCode:
    """Explain an error in one line on standard error and return the exit code."""
    print(f"digitserve: {' '.join(str(error).split())}", file=sys.stderr)
    return code


def read_file(name: str) -> bytes:
    """Read a file, or standard input for `-`.

    Raises:
        OSError: If it cannot be read.
    """
    return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()


def describe(error: Exception) -> str:
    """Return what is wrong with a file, without repeating its name."""
    if isinstance(error, OSError):
        return (
            f"The file cannot be read: {error.strerror or error}. Check its path and permissions."
        )
    return str(error)


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


def _parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        prog="digitserve",
        description="Recognise handwritten digits.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"digitserve {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str, run: Callable[[argparse.Namespace], int], text: str
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name,
            help=text,
            description=text,
            epilog=EXIT_CODES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.set_defaults(run=run)
        return command

    serve = add("serve", _serve, "Start the HTTP service.")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    serve.add_argument(
        "--port", type=int, default=8000, help="port; 0 takes a free one (%(default)s)"
    )
    serve.add_argument("--engine", choices=ENGINES, help="what computes the network (auto)")
    serve.add_argument(
        "--workers",
        metavar="N",
        help="processes that share the port (auto: 1 on a loopback address or with TensorFlow, else "
        "as many as the CPU quota and the memory allow)",
    )
    serve.add_argument("--models-dir", metavar="DIR", help="directory of the bundles")
    serve.add_argument(
        "--tls-certificate", metavar="FILE", help="speak HTTPS with this certificate (PEM)"
    )
    serve.add_argument(
        "--tls-key", metavar="FILE", help="its key (PEM), unless it is in the certificate's file"
    )
    predict = add("predict", _predict, "Say which digit is on each image.")
    predict.add_argument("files", nargs="+", metavar="FILE", help="an image; - is standard input")
    evaluate = add("evaluate", _evaluate, "Score a model on labelled digits.")
    evaluate.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="a zip of <label>/<any>.png, an npz, or an IDX image file and its label file; - is "
        "standard input; nothing means the bundle's own evaluation set",
    )
    ray_config = add("ray-config", _ray_config, "Print the configuration of Ray Serve, as YAML.")
    ray_config.add_argument(
        "--host", default="127.0.0.1", help="address of the proxies (%(default)s)"
    )
    ray_config.add_argument("--port", type=int, default=8000, help="their port (%(default)s)")
    ray_config.add_argument("--engine", choices=ENGINES, help="what computes the network (auto)")
    ray_config.add_argument(
        "--models-dir", metavar="DIR", help="directory of the bundles on every node"
    )
    for option, default, text in (("min", 1, "least"), ("max", 20, "most")):
        ray_config.add_argument(
            f"--{option}-replicas",
            type=int,
            default=default,
            metavar="N",
            help=f"{text} replicas (%(default)s)",
        )
    _add_score(add("score", _score, "Recognise millions of images into Parquet files."))
    for command in (predict, evaluate):
        command.add_argument("--json", action="store_true", help="print JSON, one object a line")
        command.add_argument("--url", help="ask the service at this URL instead of a model here")
        command.add_argument(
            "--key",
            default=os.environ.get("DIGITSERVE_KEY"),
            help="API key of that service (default: DIGITSERVE_KEY of the environment, which unlike "
            "a command line is not for all users of the machine to see)",
        )
        command.add_argument("--model", metavar="NAME", help="name of the model")
    return parser


def _add_score(command: argparse.ArgumentParser) -> None:
    """Describe the arguments of `score`."""
    command.add_argument(
        "source",
        metavar="SOURCE",
        help="a folder, a pattern, a zip or Parquet file, or a URL of such in an object store",
    )
    command.add_argument(
        "destination",
        metavar="DEST",
        help="folder of the results; images that have one there are passed over",
    )
    command.add_argument(
        "--workers",
        type=_positive,
        metavar="N",
        help="processes that score (as many as the CPU quota and the memory allow, or the cluster has CPUs)",
    )
    command.add_argument(
        "--address", help="score on the Ray cluster there (default: on this machine)"
    )
    command.add_argument("--column", metavar="NAME", help="column of images in Parquet files")
    command.add_argument(
        "--block",
        type=_positive,
        default=1024,
        metavar="N",
        help="most images of a result file, and most that a killed worker loses (%(default)s)",
    )
    command.add_argument("--json", action="store_true", help="sum up in JSON")
    command.add_argument("--model", metavar="NAME", help="name of the model")


def _positive(text: str) -> int:
    """Read a number of at least 1."""
    if (number := int(text)) < 1:
        raise ValueError
    return number


def _serve(arguments: argparse.Namespace) -> int:
    """Import and run `serve`."""
    from service.cli import serve

    return serve.run(arguments)


def _ray_config(arguments: argparse.Namespace) -> int:
    """Import and run `ray-config`."""
    from service.cli import ray_config

    return ray_config.run(arguments)


def _predict(arguments: argparse.Namespace) -> int:
    """Import and run `predict`."""
    from service.cli import predict

    return predict.run(arguments)


def _evaluate(arguments: argparse.Namespace) -> int:
    """Import and run `evaluate`."""
    from service.cli import evaluate

    return evaluate.run(arguments)


def _score(arguments: argparse.Namespace) -> int:
    """Import and run `score`."""
    from service.cli import score

    return score.run(arguments)
