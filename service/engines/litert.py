"""The LiteRT engine: the bundle's flat program on one CPU thread per call."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

NUM_CLASSES = 10


class LiteRTEngine:
    """Runs `assets.extra/model.tflite`.

    An interpreter is not thread-safe, so every thread gets its own at its first call.

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
        """Return probabilities float32 [N, 10] of uint8 [N, 28, 28] digits.

        One digit is one invocation: a larger batch is no faster per digit on a CPU.
        """
        runner = self._runner()
        probabilities = np.empty((len(images), NUM_CLASSES), np.float32)
        for index in range(len(images)):
            probabilities[index] = runner(images=images[index : index + 1])["probabilities"][0]
        return probabilities

    def _runner(self) -> Any:
        """Return this thread's signature runner."""
        if not hasattr(self._local, "runner"):
            # The first one in a process writes an INFO line on XNNPACK to standard error. The package
            # exports no switch for its log, and without that delegate an inference takes twice the time.
            self._local.interpreter = Interpreter(model_content=self._program, num_threads=1)
            self._local.runner = self._local.interpreter.get_signature_runner("serving_default")
        return self._local.runner
