"""The LiteRT engine: the bundle's flat program on one CPU thread per call."""

import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

SIZES = (16, 8, 4, 2, 1)  # digits of one invocation; sixteen take two to five milliseconds


class LiteRTEngine:
    """Runs `assets.extra/model.tflite`.

    An interpreter is not thread-safe, and to change its shape costs a millisecond: every thread gets one
    for each size, of about 2 MB, at its first calls.

    Attributes:
        name: `litert`.
        device: `cpu`.
        batch_sizes: Every number up to eight: a digit costs the same in any company, so that filling up
            would cost most, and the fewer go at once, the earlier others are read meanwhile.
    """

    name = "litert"
    device = "cpu"
    batch_sizes: tuple[int, ...] = tuple(range(1, 9))

    def __init__(self, program: Path) -> None:
        self._program = program.read_bytes()
        self._local = threading.local()

    def predict(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return probabilities float32 [N, 10] of uint8 [N, 28, 28] digits, N >= 1.

        A digit costs the same in any company, but an invocation leaves Python alone until it ends: threads
        that decode meanwhile are interrupted once for many digits.
        """
        if len(images) == 1:
            return self._invoke(images)
        parts, at = [], 0
        for size in SIZES:
            while len(images) - at >= size:
                parts.append(self._invoke(images[at : at + size]))
                at += size
        return np.concatenate(parts)

    def _invoke(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Run this thread's interpreter for so many digits."""
        name = f"of_{len(images)}"
        runner = getattr(self._local, name, None)
        if runner is None:
            # The first one in a process writes an INFO line on XNNPACK to standard error. The package
            # exports no switch for its log, and without that delegate an inference takes twice the time.
            interpreter = Interpreter(model_content=self._program, num_threads=1)
            runner = interpreter.get_signature_runner("serving_default")
            setattr(self._local, name, runner)
            setattr(self._local, f"{name}_interpreter", interpreter)  # which the runner needs
        probabilities: npt.NDArray[np.float32] = runner(images=images)["probabilities"]
        return probabilities
