"""What is installed for a contender."""

from pathlib import Path

from benchmarks.catalogue import CONTENDERS, LOCKS
from benchmarks.environments import LOCK, installed_bytes, installed_versions, pin

LOCKED = """\
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:00
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:01
uvicorn==0.54.0 \\
    --hash=sha256:02
"""


def test_pin_takes_the_versions_of_the_lock() -> None:
    """A bare name gets every version of the lock with its marker; a pinned or unknown one stays."""
    pinned = pin("mosec==0.9.8\nnumpy\nuvicorn[standard]\nother\n", LOCKED)

    assert pinned.splitlines() == [
        "mosec==0.9.8",
        "numpy==2.4.6 ; python_full_version < '3.12'",
        "numpy==2.5.5 ; python_full_version >= '3.12'",
        "uvicorn[standard]==0.54.0",
        "other",
    ]


def test_every_requirement_has_a_version() -> None:
    """Nothing that a contender asks for is left to the day of the installation."""
    lock = LOCK.read_text()
    lines = [
        line
        for contender in CONTENDERS
        for line in pin(contender.requirements.read_text(), lock).splitlines()
        if line and not line.startswith(" ")
    ]

    assert [line for line in lines if "==" not in line] == []


def test_every_contender_has_its_script() -> None:
    """All but the product bring a server."""
    folders = [contender.script_folder for contender in CONTENDERS if contender.folder not in LOCKS]

    assert [folder.name for folder in folders if not (folder / "server.py").is_file()] == []


def test_size_leaves_installers_out(tmp_path: Path) -> None:
    """Files of packages are summed, those of pip are not."""
    packages = tmp_path / "lib/python3.11/site-packages"
    for name, size in (("numpy/core.so", 5), ("six.py", 2), ("pip/main.py", 9)):
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).write_bytes(b"x" * size)

    assert installed_bytes(tmp_path) == 7


def test_versions_are_read_from_the_environment(tmp_path: Path) -> None:
    """Libraries that decide over the numbers are named, others are not."""
    packages = tmp_path / "lib/python3.11/site-packages"
    for name in ("numpy", "six"):
        folder = packages / f"{name}-1.0.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Name: {name}\nVersion: 1.0\n")

    assert installed_versions(tmp_path) == "numpy 1.0"
