"""The machine that a benchmark runs on, as its pages name it."""

import datetime
import os
import platform
from pathlib import Path


def describe_machine() -> str:
    """Name the processor, the cores that may be used, and the system."""
    cores = len(os.sched_getaffinity(0))
    return f"{_processor()}, {cores} cores, {platform.system()} {platform.machine()}"


def today() -> str:
    """Return the day, ISO 8601."""
    return datetime.datetime.now(tz=datetime.UTC).date().isoformat()


def _processor() -> str:
    """Return the processor's name as the kernel knows it."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown processor"
