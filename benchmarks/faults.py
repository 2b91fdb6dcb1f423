"""Faults: the service with an engine that is slow, or comes to hang, for tests and studies of what it then does.

    python -m benchmarks.faults serve ...    as `digitserve serve ...`, with the faults that the environment asks for

`FAULT_DELAY_MS`: every call of the engine takes so much longer, and takes one digit.
`FAULT_HANG`: path of a file; while there is one, calls by other threads than the main one do not return.
"""

import os
import sys
import threading
import time
from pathlib import Path

from service.cli import main
from service.engines import Digits, Probabilities, litert
from service.engines.litert import LiteRTEngine

DELAY = "FAULT_DELAY_MS"
HANG = "FAULT_HANG"
LOOK_S = 0.01  # between two looks for the file


class FaultyEngine(LiteRTEngine):
    """LiteRT, slowed down and hung."""

    batch_sizes = (1,) if DELAY in os.environ else LiteRTEngine.batch_sizes

    def predict(self, images: Digits) -> Probabilities:
        """Return what LiteRT returns, later."""
        time.sleep(float(os.environ.get(DELAY, "0")) / 1000)
        while _hangs():
            time.sleep(LOOK_S)
        return super().predict(images)


def _hangs() -> bool:
    """Tell whether this call is to hang."""
    is_main = threading.current_thread() is threading.main_thread()
    return HANG in os.environ and not is_main and Path(os.environ[HANG]).exists()


# Workers import this module anew: it is the main module of the process that starts them.
litert.LiteRTEngine = FaultyEngine  # type: ignore[misc]

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
