"""The TensorFlow engine: the SavedModel's own signature."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

# Before the import, and only unless the operator wants them: notes on missing GPUs and CPU features.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf

BATCH_SIZE = 256  # bounds the memory of one call


class SavedModelEngine:
    """Runs the signature `serving_default` of a SavedModel directory.

    Attributes:
        name: `tensorflow`.
        device: `gpu:0` where TensorFlow sees a GPU, else `cpu`.
        batch_sizes: Few, since each is traced, and large ones: a call costs several times what a digit does.
    """

    name = "tensorflow"
    batch_sizes: tuple[int, ...] = (1, 2, 4, 8, 16, 32)

    def __init__(self, path: Path) -> None:
        gpus = tf.config.list_physical_devices("GPU")
        self.device = "gpu:0" if gpus else "cpu"
        for gpu in gpus:
            # One whose memory is bound has it all already.
            if not tf.config.get_logical_device_configuration(gpu):
                tf.config.experimental.set_memory_growth(gpu, True)
        self._model: Any = tf.saved_model.load(str(path))  # kept: the signature needs its variables
        self._signature: Any = self._model.signatures["serving_default"]

    def predict(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return probabilities float32 [N, 10] of uint8 [N, 28, 28] digits."""
        batches = [images[at : at + BATCH_SIZE] for at in range(0, len(images), BATCH_SIZE)]
        results = [
            self._signature(images=tf.constant(batch))["probabilities"].numpy() for batch in batches
        ]
        return np.concatenate(results) if results else np.empty((0, 10), np.float32)


def bound_memory(megabytes: int) -> None:
    """Take so much memory of each GPU, in MiB, at once and never more; before TensorFlow uses any."""
    bound = tf.config.LogicalDeviceConfiguration(memory_limit=megabytes)
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.set_logical_device_configuration(gpu, [bound])
