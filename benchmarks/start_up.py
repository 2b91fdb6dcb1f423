"""Start-up: from the command to the first right answer, and the memory then and after many photos."""

import io
import statistics
import subprocess
import time
from dataclasses import dataclass

import numpy as np
from PIL import Image

from benchmarks import processes
from benchmarks.catalogue import ROOT, Contender
from benchmarks.environments import cache_folder, prepare
from benchmarks.pictures import Picture, photograph
from benchmarks.server import running
from benchmarks.uploads import Upload

SERVICE = Contender(
    "service", "digitserve", ("python", "-m", "service", "serve", "--port", "{port}")
)
IMPORT = """\
import os
from service.cli.garbage import kept_for_good

os.environ["OPENBLAS_NUM_THREADS"] = "1"
with kept_for_good():
    import service.cli.hosting
"""  # as the command does
SIZES = ((640, 480), (800, 600), (1600, 1200), (2560, 1920), (4000, 3000))  # pixels


@dataclass(frozen=True)
class StartUp:
    """What starting and keeping the service with its default settings costs.

    Attributes:
        python_s: Starting Python and ending it, in seconds.
        import_s: The same with the command's modules imported.
        first_answer_s: From starting the command to the first right answer.
        idle_bytes: Resident memory after it.
        photos: Number of photos sent then, of mixed sizes.
        loaded_bytes: Resident memory after them.
    """

    python_s: float
    import_s: float
    first_answer_s: float
    idle_bytes: int
    photos: int
    loaded_bytes: int


def measure_start_up(first: Picture, *, rounds: int, photos: int) -> StartUp:
    """Start the service a few times, medians of the times; send photos to the last one.

    Args:
        first: The picture whose right answer ends the clock.
        rounds: How often to start, at least once.
        photos: How many photos to send.
    """
    environment, upload = prepare(SERVICE), Upload(first, "raw")
    uploads, log = make_photos(first), cache_folder() / "start-up.log"
    first_s = []
    for number in range(rounds):
        with running(SERVICE, environment, upload, log) as server:
            first_s.append(server.first_answer_s)
            idle = processes.memory(server.pid)
            for index in range(photos if number == rounds - 1 else 0):
                server.check(uploads[index % len(uploads)])
            loaded = processes.memory(server.pid)
    python = str(environment / "bin" / "python")
    return StartUp(
        python_s=_run_s([python, "-c", "pass"], rounds),
        import_s=_run_s([python, "-c", IMPORT], rounds),
        first_answer_s=statistics.median(first_s),
        idle_bytes=idle.resident,
        photos=photos,
        loaded_bytes=loaded.resident,
    )


def make_photos(first: Picture) -> list[Upload]:
    """Make photos of the first picture's digit in all sizes, as raw bodies and forms in turn."""
    digit = np.asarray(Image.open(io.BytesIO(first.content)))
    pictures = [
        photograph(digit, f"{width}x{height} JPEG", width=width, height=height)
        for width, height in SIZES
    ]
    return [
        Upload(picture, "raw" if index % 2 else "multipart")
        for index, picture in enumerate(pictures)
    ]


def _run_s(command: list[str], rounds: int) -> float:
    """Return the median time of a command, in seconds."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True)
        times.append(time.perf_counter() - started)
    return statistics.median(times)
