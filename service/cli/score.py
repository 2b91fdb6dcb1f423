"""`digitserve score`: millions of pictures to Parquet files, on Ray Data.

source -> `service.bulk` -> files of results, a line that sums up

Imports Ray when it runs, and says what to install where it is missing.
"""

import argparse
import importlib.util
import json
from dataclasses import asdict

from service.cli import (
    ExitCode,
    ServiceUnusableError,
    UsageError,
    read_settings,
)

MODULES = ("ray", "pyarrow", "fsspec")  # of the extra


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
            "pip install 'digitserve[ray]'."
        )
    return _score(arguments)


def _score(arguments: argparse.Namespace) -> int:
    """Score with the extra installed."""
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
    return ExitCode.FILE_FAILED if summary.failed else ExitCode.OK
