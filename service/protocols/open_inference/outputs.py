"""Outputs: the tensors that a model answers with, and their two encodings.

predictions, output asked for -> tensor -> JSON, or JSON and bytes
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from service.inference.recognition import Prediction
from service.protocols.recognising import probabilities_of

HEADER_LENGTH = "inference-header-content-length"
NUM_CLASSES = 10


@dataclass(frozen=True)
class Tensor:
    """An answer, ready to be written.

    Attributes:
        datatype: The protocol's name of the type.
        shape: Its dimensions.
        data: Its values in order, as JSON has them.
        to_bytes: Writes them, little-endian and row-major.
    """

    datatype: str
    shape: tuple[int, ...]
    data: list[Any]
    to_bytes: Callable[[], bytes]


def _tensor(datatype: str, values: npt.NDArray[Any], dtype: str) -> Tensor:
    """Make a tensor of numbers."""
    return Tensor(
        datatype, values.shape, values.ravel().tolist(), lambda: values.astype(dtype).tobytes()
    )


def _texts(texts: Sequence[str], shape: tuple[int, ...]) -> Tensor:
    """Make a tensor of texts; each is four bytes of length and itself."""
    return Tensor("BYTES", shape, list(texts), lambda: b"".join(map(_with_length, texts)))


def _with_length(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("<I", len(encoded)) + encoded


def _probabilities(predictions: Sequence[Prediction]) -> Tensor:
    return _tensor("FP32", probabilities_of(predictions), "<f4")


def _classes(predictions: Sequence[Prediction]) -> Tensor:
    return _tensor("INT64", np.array([each.digit for each in predictions], np.int64), "<i8")


def _statuses(predictions: Sequence[Prediction]) -> Tensor:
    return _texts([each.status for each in predictions], (len(predictions),))


@dataclass(frozen=True)
class Output:
    """What the model's metadata says of an output.

    Attributes:
        datatype: The protocol's name of the type.
        dimensions: Those behind the number of images.
        make: Makes the tensor of predictions.
    """

    datatype: str
    dimensions: tuple[int, ...]
    make: Callable[[Sequence[Prediction]], Tensor]


OUTPUTS = {
    "probabilities": Output("FP32", (NUM_CLASSES,), _probabilities),
    "class": Output("INT64", (), _classes),
    "status": Output("BYTES", (), _statuses),
}


@dataclass(frozen=True)
class RequestedOutput:
    """An output that a request asks for.

    Attributes:
        name: One of `OUTPUTS`.
        is_binary: Whether its values go behind the JSON.
        num_classes: How many of the most probable classes are asked for in place of the tensor; 0: none.
    """

    name: str
    is_binary: bool = False
    num_classes: int = 0

    def make(self, predictions: Sequence[Prediction]) -> Tensor:
        """Make the tensor."""
        if not self.num_classes:
            return OUTPUTS[self.name].make(predictions)
        num_classes = min(self.num_classes, NUM_CLASSES)
        texts = [text for each in predictions for text in _most_probable(each, num_classes)]
        return _texts(texts, (len(predictions), num_classes))


def _most_probable(prediction: Prediction, num_classes: int) -> list[str]:
    """Write the most probable classes, `value:index:label` each; equal ones in the order of the digits."""
    order = np.argsort(-prediction.probabilities, kind="stable")[:num_classes]
    return [f"{prediction.probabilities[digit]:.6f}:{digit}:{digit}" for digit in order]
