"""Engines: what computes a bundle's function, behind one Protocol.

    uint8 [N, 28, 28] -> engine -> float32 [N, 10]

`litert` is the small and fast engine of CPU machines, `tensorflow` runs the SavedModel itself and is the
default where a GPU is visible. Each is imported only when it is chosen.
"""

import contextlib
import importlib
import importlib.util
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from service.bundle import Bundle
from service.errors import EngineUnavailableError

EngineKind = Literal["auto", "litert", "tensorflow"]
Digits = npt.NDArray[np.uint8]
Probabilities = npt.NDArray[np.float32]

PACKAGES = {"litert": "ai_edge_litert", "tensorflow": "tensorflow"}
MODULES = {"litert": "service.engines.litert", "tensorflow": "service.engines.saved_model"}


class Engine(Protocol):
    """Computes class probabilities of canonical digits; safe to call from several threads.

    Attributes:
        name: `litert` or `tensorflow`.
        device: What it runs on, such as `cpu` or `gpu:0`.
        batch_sizes: Numbers of digits, ascending, that single digits which arrive together are computed in.
            A batch is filled up to one of them, so that the engine meets no shape that it has not met before.
    """

    name: str
    device: str
    batch_sizes: tuple[int, ...]

    def predict(self, images: Digits) -> Probabilities:
        """Return probabilities float32 [N, 10], rows summing to 1, of uint8 [N, 28, 28] digits."""
        ...


def create_engine(kind: EngineKind, bundle: Bundle) -> Engine:
    """Load a bundle into the engine of that kind.

    Args:
        kind: `auto` takes TensorFlow where it is installed and the machine has an NVIDIA GPU, else LiteRT.
        bundle: A verified bundle.

    Raises:
        EngineUnavailableError: If the package of the engine is not installed.
    """
    kind = resolve_engine(kind)
    if not _is_installed(PACKAGES[kind]):
        raise EngineUnavailableError(
            f"The engine {kind} was asked for, and its package is not installed. Install the requirements "
            "that have it, or set DIGITSERVE_ENGINE=auto."
        )
    if kind == "tensorflow":
        from service.engines.saved_model import SavedModelEngine

        return SavedModelEngine(bundle.path)
    from service.engines.litert import LiteRTEngine

    return LiteRTEngine(bundle.litert_program)


def import_engine(kind: EngineKind) -> None:
    """Import what engines of that kind need, ahead of the first one, which says it if that is not possible."""
    kind = resolve_engine(kind)
    if _is_installed(PACKAGES[kind]):
        with contextlib.suppress(ImportError):
            importlib.import_module(MODULES[kind])


def bound_gpu_memory(kind: EngineKind, megabytes: int) -> None:
    """Have TensorFlow, where it computes, keep to so much memory of each GPU.

    It sets its devices up once: call this before the first engine is created.

    Args:
        kind: Of the engines that are going to be created.
        megabytes: In MiB, taken at once; 0: as much as is needed.
    """
    if megabytes and resolve_engine(kind) == "tensorflow" and _is_installed("tensorflow"):
        from service.engines.saved_model import bound_memory

        bound_memory(megabytes)


def resolve_engine(kind: EngineKind) -> Literal["litert", "tensorflow"]:
    """Return the engine that a kind means here, without importing it."""
    if kind != "auto":
        return kind
    return "tensorflow" if _has_gpu() and _is_installed("tensorflow") else "litert"


def _is_installed(package: str) -> bool:
    """Tell whether a package can be imported, without importing it."""
    return importlib.util.find_spec(package) is not None


def _has_gpu() -> bool:
    """Tell whether the kernel shows an NVIDIA device; cheaper than asking TensorFlow."""
    return any(Path("/dev").glob("nvidia[0-9]*"))
