"""A bundle's network, layer by layer, read from its LiteRT program.

program -> operators -> layers; a digit through an interpreter that keeps every tensor -> activations

The converter has folded the scaling of pixels, batch normalisation and rectifiers into the convolutions: a
layer here is what the service computes, and its activations are those after the rectifier. The input counts
0..255, and the kernel that meets it is 1/255 of the one that was trained.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter, OpResolverType

Floats = npt.NDArray[np.float32]

# Operators that a person would call a layer. Source: the schema of LiteRT's flat programs.
_KINDS = {
    "CONV_2D": "convolution",
    "DEPTHWISE_CONV_2D": "depthwise_convolution",
    "MAX_POOL_2D": "max_pool",
    "AVERAGE_POOL_2D": "average_pool",
    "ADD": "add",
    "RESHAPE": "flatten",
    "FULLY_CONNECTED": "dense",
    "SOFTMAX": "softmax",
}
_LAST = "SOFTMAX"  # what follows only shares its probabilities anew
_WITH_WEIGHTS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


@dataclass(frozen=True)
class Layer:
    """A layer, and what it made of one digit.

    Attributes:
        name: Its kind and which of that kind it is, such as `convolution_1`.
        kind: `input`, `convolution`, `max_pool`, `flatten`, `dense`, `softmax` and the like.
        activations: float32 [H, W, C], or [C] once flattened.
        kernel: float32 [K, K, inputs, C] of a convolution, [K, K, C] of a depthwise one, [inputs, C] of a
            dense layer; None where there are no weights.
        bias: float32 [C], or None.
    """

    name: str
    kind: str
    activations: Floats
    kernel: Floats | None = None
    bias: Floats | None = None

    @property
    def num_parameters(self) -> int:
        """Number of weights, after folding."""
        return sum(weights.size for weights in (self.kernel, self.bias) if weights is not None)


@dataclass(frozen=True)
class _Operator:
    """One step of a program: kind and indices of tensors."""

    kind: str
    inputs: tuple[int, ...]
    output: int


class Network:
    """A LiteRT program that shows its layers; safe to call from several threads, one at a time.

    It takes about 3 MB and ten times as long as the engine, for it runs without the fast delegate, which
    keeps no tensors.

    Args:
        program: Path of the program.
    """

    def __init__(self, program: Path) -> None:
        self._interpreter: Any = Interpreter(
            model_content=program.read_bytes(),
            num_threads=1,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            experimental_preserve_all_tensors=True,
        )
        self._run = self._interpreter.get_signature_runner("serving_default")
        self._operators = [_read_operator(entry) for entry in self._interpreter._get_ops_details()]
        self._lock = Lock()

    def explain(self, digit: npt.NDArray[np.uint8]) -> list[Layer]:
        """Send a uint8 [28, 28] digit through the network.

        Returns:
            The layers in the order of computation, from `input` to the probabilities.
        """
        with self._lock:
            self._run(images=digit[np.newaxis])
            return list(self._layers())

    def _layers(self) -> Iterator[Layer]:
        """Yield the layers of the digit that the interpreter has seen last."""
        operators = self._named()
        yield Layer("input", "input", self._tensor(operators[0][1].inputs[0])[0])
        counts: Counter[str] = Counter()
        for kind, operator in operators:
            counts[kind] += 1
            kernel, bias = self._weights(operator)
            activations = self._tensor(operator.output)[0]
            yield Layer(f"{kind}_{counts[kind]}", kind, activations, kernel, bias)

    def _named(self) -> list[tuple[str, _Operator]]:
        """Return the operators that are layers, with their kinds."""
        kinds = [step.kind for step in self._operators]
        last = len(kinds) - 1 - kinds[::-1].index(_LAST)
        steps = [(_KINDS[it.kind], it) for it in self._operators[: last + 1] if self._is_layer(it)]
        end = self._operators[-1]
        return steps if end is self._operators[last] else [*steps, ("probabilities", end)]

    def _is_layer(self, operator: _Operator) -> bool:
        """Tell layers from what only moves tensors; a reshape is one where it flattens maps."""
        if operator.kind != "RESHAPE":
            return operator.kind in _KINDS
        return self._tensor(operator.output).ndim == 2

    def _weights(self, operator: _Operator) -> tuple[Floats | None, Floats | None]:
        """Return kernel and bias of an operator, in Keras's order of axes."""
        if operator.kind not in _WITH_WEIGHTS:
            return None, None
        kernel, bias = (self._tensor(index) for index in operator.inputs[1:3])
        if operator.kind == "DEPTHWISE_CONV_2D":
            return kernel[0], bias
        return np.moveaxis(kernel, 0, -1), bias

    def _tensor(self, index: int) -> Floats:
        """Return a copy of a tensor."""
        tensor: Floats = self._interpreter.get_tensor(index)
        return tensor


def _read_operator(entry: dict[str, Any]) -> _Operator:
    """Read one entry of the interpreter's list of operators."""
    inputs = tuple(int(index) for index in entry["inputs"])
    return _Operator(entry["op_name"], inputs, int(entry["outputs"][0]))
