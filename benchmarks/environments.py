"""Environments: one virtual environment a contender, under a cache outside the repository.

requirements (names) + the product's lock (versions) -> pip -> environment -> its size and versions
"""

import importlib.metadata
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.catalogue import ROOT, Contender
from benchmarks.errors import BenchmarkError

LOCK = ROOT / "requirements" / "training.txt"  # the product's largest: it pins TensorFlow too
LIBRARIES = (
    *("bentoml", "litserve", "mosec", "ray", "fastapi", "starlette", "uvicorn"),
    *("ai-edge-litert", "tensorflow", "keras", "numpy", "pillow"),
)
_INSTALLERS = ("pip", "setuptools", "_distutils_hack")


def cache_folder() -> Path:
    """Return the folder that outlives a run: `$DIGITSERVE_BENCH_CACHE`, else `~/.cache/digitserve/bench`."""
    return Path(os.environ.get("DIGITSERVE_BENCH_CACHE") or Path.home() / ".cache/digitserve/bench")


def prepare(contender: Contender) -> Path:
    """Return the contender's environment, made if it is missing or its requirements have changed.

    Raises:
        BenchmarkError: If it cannot be installed; with the installer's last line.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = cache_folder() / f"{contender.folder}-{version}"
    wanted = pin(contender.requirements.read_text(), LOCK.read_text())
    marker = folder / "requirements.txt"
    if not marker.is_file() or marker.read_text() != wanted:
        print(f"Installing {contender.folder} into {folder}", flush=True)
        _install(folder, wanted)
        marker.write_text(wanted)
    return folder


def pin(requirements: str, lock: str) -> str:
    """Give requirements without a version the lock's, so that contenders share the product's libraries.

    Args:
        requirements: One a line, such as `numpy`, `uvicorn[standard]` or `mosec==0.9.8`.
        lock: A hash-locked requirements file.

    Returns:
        Requirements that all have a version, with the markers of the lock.
    """
    return "\n".join(_pin_line(line, lock) for line in requirements.splitlines()) + "\n"


def _pin_line(line: str, lock: str) -> str:
    """Pin one line; lines of a lock are kept."""
    name = re.fullmatch(r"([a-z-]+)(\[[a-z,]+\])?", line)
    if not name:
        return line
    pins = re.findall(rf"^{name[1]}(==[^\\\n]+)", lock, re.MULTILINE)
    return "\n".join(f"{line}{version.rstrip()}" for version in pins) or line


def _install(folder: Path, requirements: str) -> None:
    """Make the environment anew."""
    venv.create(folder, clear=True, with_pip=True)
    listing = folder / "wanted.txt"
    listing.write_text(requirements)
    python, options = str(folder / "bin" / "python"), ("--quiet", "--no-input")
    command = [python, "-m", "pip", "install", *options, "-r", str(listing)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkError(f"pip could not install it: {_last_error(done.stderr)}")


def _last_error(said: str) -> str:
    """Return the last line that names an error."""
    errors = [line for line in said.splitlines() if line.startswith("ERROR")]
    return errors[-1] if errors else said.strip()[-200:]


def installed_bytes(environment: Path) -> int:
    """Sum the files of an environment's packages, compiled modules included and installers left out."""
    return sum(
        path.stat().st_size
        for packages in environment.glob("lib/python*/site-packages")
        for entry in packages.iterdir()
        if not entry.name.startswith(_INSTALLERS)
        for path in ([entry] if entry.is_file() else entry.rglob("*"))
        if path.is_file() and not path.is_symlink()
    )


def installed_versions(environment: Path) -> str:
    """Name the versions of the libraries that decide over the numbers, such as `mosec 0.9.8, numpy 2.4.6`."""
    packages = [str(path) for path in environment.glob("lib/python*/site-packages")]
    found = importlib.metadata.distributions(path=packages)
    versions = {entry.name.lower(): entry.version for entry in found}
    return ", ".join(f"{name} {versions[name]}" for name in LIBRARIES if name in versions)
