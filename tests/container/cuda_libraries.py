"""Asks TensorFlow's own loader for each library of CUDA, inside the image; needs no GPU and no driver.

It prints the libraries that were not found, one a line. The driver comes from the host, and is not asked for.
"""

import ctypes
import importlib.util
from pathlib import Path

LIBRARIES = (
    "CudaRuntime",
    "Cublas",
    "CublasLt",
    "Cufft",
    "Cusolver",
    "Cusparse",
    "Cudnn",
    "Cupti",
)


def main() -> None:
    """Print what is missing."""
    loader = load_framework()
    print("\n".join(name for name in LIBRARIES if not is_found(loader, name)))


def load_framework() -> ctypes.CDLL:
    """Load the library that has the loader, without the rest of TensorFlow.

    Raises:
        ModuleNotFoundError: If TensorFlow is not installed.
    """
    spec = importlib.util.find_spec("tensorflow")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("tensorflow")
    path = Path(spec.origin).with_name("libtensorflow_framework.so.2")
    return ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)


def is_found(loader: ctypes.CDLL, name: str) -> bool:
    """Tell whether TensorFlow finds a library, by the first word of the status that it returns.

    Source: `tsl::internal::CachedDsoLoader` in xla/tsl/platform/default/dso_loader.h. The function returns
    an `absl::StatusOr<void*>`, whose address the caller gives; its status is 1 if all is well.

    Raises:
        AttributeError: If this TensorFlow has no such function.
    """
    getter = f"Get{name}DsoHandle"
    symbol = f"_ZN3tsl8internal15CachedDsoLoader{len(getter)}{getter}Ev"
    find = getattr(loader, symbol)
    find.argtypes, find.restype = [ctypes.c_void_p], ctypes.c_void_p
    answer = (ctypes.c_uint64 * 16)()
    find(ctypes.addressof(answer))
    return answer[0] == 1


if __name__ == "__main__":
    main()
