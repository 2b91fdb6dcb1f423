"""libtiff's voice: it writes to standard error, beside the log, what it finds wrong with a client's file.

memory map of this process -> the library that Pillow loaded -> its own switch

Which library that is, only the system tells: wheels of Pillow bring their own, under a name with a hash.
"""

import ctypes
from pathlib import Path

from PIL import _imaging  # noqa: F401 - loads the library

MAPS = Path("/proc/self/maps")


def mute_libtiff(maps: Path = MAPS) -> bool:
    """Have libtiff say nothing in this process; the client is told in the service's words.

    Args:
        maps: Where the system lists what the process has loaded; proc(5), `maps`.

    Returns:
        Whether it was found, and can be muted: only on Linux; elsewhere it goes on talking.

    Source: libtiff, TIFFError(3tiff): without a handler nothing is printed.
    """
    path = _find_library(maps)
    if path is None:
        return False
    try:
        library = ctypes.CDLL(path)
        handlers = library.TIFFSetErrorHandler, library.TIFFSetWarningHandler
    except (OSError, AttributeError):  # no library, or none that has the switch
        return False
    for set_handler in handlers:
        set_handler.argtypes, set_handler.restype = [ctypes.c_void_p], ctypes.c_void_p
        set_handler(None)
    return True


def _find_library(maps: Path) -> str | None:
    """Return the path of the libtiff that Pillow loaded."""
    lines = maps.read_text().splitlines() if maps.exists() else []
    paths = (line.split(maxsplit=5)[-1] for line in lines)
    return next((path for path in paths if Path(path).name.startswith("libtiff")), None)
