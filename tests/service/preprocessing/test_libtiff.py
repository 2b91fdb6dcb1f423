"""libtiff's voice."""

import subprocess
import sys
from pathlib import Path

import pytest

from service.preprocessing.libtiff import mute_libtiff
from tests.hostile_pictures import hostile_pictures

ROOT = Path(__file__).parents[3]
DECODE = """
import sys
from service.errors import BrokenImageError
from service.preprocessing.libtiff import mute_libtiff
from service.preprocessing import UploadLimits, preprocess

if sys.argv[1] == "muted":
    mute_libtiff()
try:
    preprocess(sys.stdin.buffer.read(), UploadLimits())
except BrokenImageError:
    print("broken")
"""


def _decode(how: str) -> "subprocess.CompletedProcess[bytes]":
    """Decode a damaged TIFF in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", DECODE, how],
        cwd=ROOT,
        input=hostile_pictures()["tiff-lzw-of-zeros"],
        capture_output=True,
        check=True,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which library was loaded")
class TestMuteLibtiff:
    """`mute_libtiff`."""

    def test_says_nothing(self) -> None:
        """A damaged TIFF is refused, and nothing is written to standard error."""
        assert b"Using code not yet in table" in _decode("as it is").stderr
        muted = _decode("muted")
        assert (muted.stdout, muted.stderr) == (b"broken\n", b"")

    def test_finds_the_library(self) -> None:
        """The library that Pillow brings is found."""
        assert mute_libtiff()

    def test_where_nothing_tells(self, tmp_path: Path) -> None:
        """Where the system does not say what was loaded, nothing is done."""
        assert not mute_libtiff(tmp_path / "missing")

    def test_another_library(self, tmp_path: Path) -> None:
        """What only bears its name is left alone."""
        library = tmp_path / "libtiff.so"
        library.write_bytes(b"no library")
        maps = tmp_path / "maps"
        maps.write_text(f"7f00-7f01 r--p 00000000 08:01 1 {library}\n")

        assert not mute_libtiff(maps)
