"""The machine that a benchmark runs on, and what it runs, as its pages name them."""

import datetime
import os
import platform
import subprocess
from pathlib import Path

from benchmarks.catalogue import ROOT


def describe_machine() -> str:
    """Name the processor, the cores that may be used, and the system."""
    cores = len(os.sched_getaffinity(0))
    return f"{_processor()}, {cores} cores, {platform.system()} {platform.machine()}"


def today() -> str:
    """Return the day, ISO 8601."""
    return datetime.datetime.now(tz=datetime.UTC).date().isoformat()


def describe_commit(root: Path = ROOT) -> str:
    """Name the commit that is measured, with `-dirty` behind it where the code is another by now; else say nothing.

    Pages and results are no code, and are written meanwhile.
    """
    commit = _git(root, "describe", "--always")
    changes = _git(root, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs")
    return f"{commit}-dirty" if commit and changes else commit


def _git(root: Path, *arguments: str) -> str:
    """Return what Git says; nothing where there is no repository, or no Git."""
    try:
        said = subprocess.run(
            ["git", *arguments],  # noqa: S607 - whichever the caller has
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return ""
    return said.stdout.strip()


def _processor() -> str:
    """Return the processor's name as the kernel knows it."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown processor"
