"""`digitserve serve`: starts the HTTP service.

arguments -> settings -> `service.cli.hosting`
"""

import argparse
import os

from service.cli.garbage import kept_for_good
from service.cli.options import add_address, add_engine, read_settings

SUMMARY = "Start the HTTP service."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments; every other setting is a variable of the environment."""
    parser.description = (
        f"{SUMMARY} Other settings are variables of the environment: see docs/settings.md."
    )
    add_address(parser, host="address to listen on", port="port; 0 takes a free one")
    add_engine(parser)
    parser.add_argument(
        "--workers",
        metavar="N",
        help="processes that share the port (auto: 1 on a loopback address or with TensorFlow, else "
        "as many as the CPU quota and the memory allow)",
    )
    parser.add_argument("--models-dir", metavar="DIR", help="directory of the bundles")
    parser.add_argument(
        "--tls-certificate", metavar="FILE", help="speak HTTPS with this certificate (PEM)"
    )
    parser.add_argument(
        "--tls-key", metavar="FILE", help="its key (PEM), unless it is in the certificate's file"
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal comes.

    Raises:
        UsageError: If a setting is wrong, or a file of TLS.
        ServiceUnusableError: If it cannot listen where it is to.
    """
    # NumPy starts a thread for each core to multiply matrices, and those here are too small to gain from it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with kept_for_good():
        settings = read_settings(
            engine=arguments.engine,
            models_dir=arguments.models_dir,
            workers=arguments.workers,
            tls_certificate=arguments.tls_certificate,
            tls_key=arguments.tls_key,
        )
        from service.cli.hosting import host
    return host(settings, arguments.host, arguments.port)
