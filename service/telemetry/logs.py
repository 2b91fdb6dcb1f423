"""The log of `digitserve serve`: one line a request on stderr, as text or as JSON.

format -> logging configuration of the server, which every worker applies

Whoever reads stderr and stops reading, a full disk too, keeps no worker from serving: lines are dropped and counted.
"""

import copy
import logging
import sys
from typing import Any, Literal

from uvicorn.config import LOGGING_CONFIG

from service.telemetry.log_lines import JsonFormatter
from service.telemetry.log_stream import UnblockedHandler

LogFormat = Literal["auto", "text", "json"]


def configure_log(log_format: LogFormat) -> dict[str, Any]:
    """Return the server's logging with the application's own lines in it."""
    config = copy.deepcopy(LOGGING_CONFIG)
    # The server's own formatter colours, which takes a quarter of a line's time.
    config["formatters"]["default"] = (
        {"()": JsonFormatter} if is_json(log_format) else {"format": "%(levelname)s: %(message)s"}
    )
    config["handlers"]["default"] = {"()": UnblockedHandler, "formatter": "default"}
    config["loggers"]["uvicorn.error"]["level"] = "WARNING"  # our own line says that it runs
    config["loggers"]["digitserve"] = {"handlers": ["default"], "level": "INFO", "propagate": False}
    # Of a collector that cannot be reached.
    config["loggers"]["opentelemetry"] = {**config["loggers"]["digitserve"], "level": "ERROR"}
    # What a decoder says of a client's file is the client's to know.
    config["loggers"]["PIL"] = {"level": "CRITICAL"}
    return config


def is_json(log_format: LogFormat) -> bool:
    """Tell whether a program is to read the log: by the setting, or as nobody looks at a terminal."""
    if log_format == "auto":
        return not sys.stderr.isatty()
    return log_format == "json"


def slim_log_records() -> None:
    """Leave out of log records what no line of ours shows; a line costs half as much.

    Source: Python's logging HOWTO, "Optimization".
    """
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
