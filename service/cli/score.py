"""`digitserve score`: millions of pictures to Parquet files, on Ray Data.

source -> `service.bulk` -> files of results, a line that sums up

Imports Ray when it runs, and says what to install where it is missing.
"""

import argparse
import importlib.util
import json

from service.cli.options import add_model, positive, read_settings
from service.cli.outcomes import ExitCode, ServiceUnusableError, UsageError

SUMMARY = "Recognise millions of images into Parquet files."
MODULES = ("ray", "pyarrow", "fsspec")  # of the extra


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="a folder, a pattern, a zip or Parquet file, or a URL of such in an object store",
    )
    parser.add_argument(
        "destination",
        metavar="DEST",
        help="folder of the results; images that have one there are passed over",
    )
    parser.add_argument(
        "--workers",
        type=positive,
        metavar="N",
        help="processes that score (as many as the CPU quota and the memory allow, or the cluster has CPUs)",
    )
    parser.add_argument("--address", help="score on the Ray cluster there (on this machine)")
    parser.add_argument(
        "--column", metavar="NAME", help="column of images in Parquet files (the only one of bytes)"
    )
    parser.add_argument(
        "--block",
        type=positive,
        default=1024,
        metavar="N",
        help="most images of a result file, and most that a killed worker loses (%(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="sum up in JSON")
    add_model(parser)


def run(arguments: argparse.Namespace) -> int:
    """Score a source; pictures that cannot be used are rows with their error.

    Raises:
        BundleError: If a bundle here cannot be used.
        ServiceUnusableError: If the extra is not installed.
        UnknownModelError: If there is no such model here.
        UsageError: If the source, the destination or a setting is wrong, or a worker failed.
    """
    if any(importlib.util.find_spec(name) is None for name in MODULES):
        raise ServiceUnusableError(
            "Bulk scoring runs on Ray, which is not installed. Install the extra of that name: "
            "pip install -e '.[ray]' in a checkout."
        )
    return _score(arguments)


def _score(arguments: argparse.Namespace) -> int:
    """Score with the extra installed."""
    from dataclasses import asdict

    from service.bulk import BulkError
    from service.bulk.command import Options, score_source
    from service.cli.workers import num_workers_that_fit

    here = 0 if arguments.address else num_workers_that_fit()
    options = Options(
        source=arguments.source,
        destination=arguments.destination,
        num_workers=arguments.workers or here,
        address=arguments.address,
        model=arguments.model,
        column=arguments.column,
        block_images=arguments.block,
    )
    try:
        summary = score_source(options, read_settings())
    except BulkError as error:
        raise UsageError(str(error)) from error
    if arguments.json:
        print(json.dumps(asdict(summary)))
    else:
        print(summary.describe(arguments.destination))
    return ExitCode.FILE_FAILED if summary.failed or summary.failed_before else ExitCode.OK
