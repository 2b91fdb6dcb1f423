"""Hosting: the HTTP service in this process, or in several that share a port.

settings -> application -> FailureTrap -> OnlyServer, or Workers under a Supervisor -> exit code
"""

import contextlib
import functools
import signal
import socket
from pathlib import Path

import uvicorn

from service.app import create_app
from service.cli.addresses import bound, is_loopback, warn_of_strangers
from service.cli.connections import Connection
from service.cli.failure_trap import FailureTrap
from service.cli.garbage import kept_for_good
from service.cli.outcomes import ExitCode
from service.cli.servers import OnlyServer
from service.cli.supervisor import Supervisor
from service.cli.tls import find_tls_files
from service.cli.workers import num_workers_that_fit
from service.engines import import_engine, resolve_engine
from service.preprocessing.libtiff import mute_libtiff
from service.settings import Settings
from service.telemetry.logs import configure_log, slim_log_records
from service.telemetry.metrics.block import CounterBlock
from service.versions.folder import make_folder

SPARE_ROWS = 32  # for workers that are added by a signal, or replace others while those still serve


def host(settings: Settings, address: str, port: int) -> int:
    """Serve until a signal comes.

    Args:
        settings: Of the service.
        address: To listen on.
        port: To listen on; 0: a free one.

    Raises:
        UsageError: If a file of TLS is wrong.
        ServiceUnusableError: If it cannot listen there.
    """
    with make_folder() as folder:
        config = _configure(settings, address, port, folder)
        with bound(address, port) as listeners:
            warn_of_strangers(settings, address)
            try:
                run = _run_many if config.workers > 1 else _run_one
                return run(config, settings, listeners)
            except SystemExit:  # the start failed, and the reason was printed
                return ExitCode.UNUSABLE


def _configure(settings: Settings, address: str, port: int, folder: Path | None) -> uvicorn.Config:
    """Configure the server; its workers share a folder."""
    workers = choose_num_workers(settings, address)
    counters = CounterBlock(workers + SPARE_ROWS)
    return uvicorn.Config(
        functools.partial(create_trapped_app, settings, folder, counters),
        factory=True,
        host=address,
        port=port,
        workers=workers,
        loop="uvloop",
        http=Connection,
        lifespan="on",
        server_header=False,  # nobody has to know what to attack
        access_log=False,  # the application logs one line a request itself
        log_config=configure_log(settings.log_format),
        timeout_graceful_shutdown=settings.drain_timeout_s,
        **find_tls_files(settings),
    )


def choose_num_workers(settings: Settings, host: str) -> int:
    """Return the number of workers that the settings mean.

    One process serves a developer on loopback, and one owns TensorFlow, which keeps every core, or the
    GPU, busy by itself.
    """
    if settings.workers != "auto":
        return settings.workers
    if is_loopback(host) or resolve_engine(settings.engine) == "tensorflow":
        return 1
    return num_workers_that_fit()


def create_trapped_app(
    settings: Settings, folder: Path | None, counters: CounterBlock
) -> FailureTrap:
    """Build the application in the process that serves it."""
    slim_log_records()
    mute_libtiff()
    with kept_for_good():
        import_engine(settings.engine)
        return FailureTrap(create_app(settings, folder, counters))


def _run_one(
    config: uvicorn.Config, settings: Settings, listeners: list[socket.socket]
) -> ExitCode:
    """Serve in this process."""
    prepare_signals()
    with contextlib.suppress(KeyboardInterrupt):
        OnlyServer(config, settings).run(listeners)
    return ExitCode.OK


def prepare_signals() -> None:
    """Have one process end well by every signal that ends it, and by none that is for workers."""
    # At its end the server raises the signal again that stopped it, and SIGTERM would kill this process.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as nohup has it
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    for each in (signal.SIGTTIN, signal.SIGTTOU):  # by themselves they make a process stand still
        signal.signal(each, signal.SIG_IGN)


def _run_many(
    config: uvicorn.Config, settings: Settings, listeners: list[socket.socket]
) -> ExitCode:
    """Serve in processes of their own, which this one supervises."""
    if resolve_engine(settings.engine) != "tensorflow":  # no fork has the threads that it starts
        with kept_for_good():
            import_engine(settings.engine)
    supervisor = Supervisor(config, listeners, settings)
    supervisor.run()
    return ExitCode.UNUSABLE if supervisor.has_failed else ExitCode.OK
