"""The LiteRT engine: the bundle's flat program on one CPU thread per call."""

import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

INVOCATION_DIGITS = 16  # at most at once; they take two milliseconds


class LiteRTEngine:
    """Runs `assets.extra/model.tflite`.

    An interpreter is not thread-safe, so every thread gets its own, at its first calls.

    Attributes:
        name: `litert`.
        device: `cpu`.
        gains_from_batches: False; a digit costs the same in any company.
    """

    name = "litert"
    device = "cpu"
    gains_from_batches = False

    def __init__(self, program: Path) -> None:
        self._program = program.read_bytes()
        self._local = threading.local()

    def predict(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return probabilities float32 [N, 10] of uint8 [N, 28, 28] digits, N >= 1.

        A digit costs the same in any company, but an invocation leaves Python alone until it ends: threads
        that decode meanwhile are interrupted once for many digits.
        """
        if len(images) == 1:
            return self._invoke("single", images)
        parts = range(0, len(images), INVOCATION_DIGITS)
        return np.concatenate(
            [self._invoke("many", images[at : at + INVOCATION_DIGITS]) for at in parts]
        )

    def _invoke(self, shape: str, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Run this thread's interpreter for one digit, or for many: a change of shape costs a millisecond."""
        runner = getattr(self._local, shape, None)
        if runner is None:
            # The first one in a process writes an INFO line on XNNPACK to standard error. The package
            # exports no switch for its log, and without that delegate an inference takes twice the time.
            interpreter = Interpreter(model_content=self._program, num_threads=1)
            runner = interpreter.get_signature_runner("serving_default")
            setattr(self._local, shape, runner)
            setattr(self._local, f"{shape}_interpreter", interpreter)  # which the runner needs
        probabilities: npt.NDArray[np.float32] = runner(images=images)["probabilities"]
        return probabilities
