"""The private folder that the workers of a service share."""

import errno
import os
import time
from pathlib import Path

import pytest

from service.versions import folder as folder_module
from service.versions.board import Board
from service.versions.folder import PREFIX, hold, make_folder


class TestMakeFolder:
    """`make_folder`."""

    def test_is_private_and_goes(self) -> None:
        """Nobody else may look into it, and it is removed with what is in it."""
        with make_folder() as folder:
            assert folder is not None
            (folder / "members").mkdir()
            mode = folder.stat().st_mode & 0o777

        assert mode == 0o700
        assert not folder.exists()

    def test_full(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A folder where nothing can be written is none, and does not stay behind."""
        monkeypatch.setattr(folder_module, "IN_MEMORY", tmp_path)
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
        monkeypatch.setattr(Path, "write_bytes", _fail)

        with make_folder() as folder:
            assert folder is None
        assert list(tmp_path.iterdir()) == []

    def test_nowhere(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where none can be made there is none, and no failure."""
        monkeypatch.setattr(folder_module, "IN_MEMORY", tmp_path / "missing")
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))

        with make_folder() as folder:
            assert folder is None

    @pytest.mark.parametrize("age_s", [3600, 5], ids=["old", "new"])
    def test_abandoned(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age_s: int) -> None:
        """The folder of a service that was killed is removed, once it is not new any more."""
        monkeypatch.setattr(folder_module, "IN_MEMORY", tmp_path)
        abandoned = _make_old(tmp_path / f"{PREFIX}abandoned", age_s)

        with make_folder():
            assert abandoned.exists() == (age_s < 60)

    def test_used(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A folder that a service or one of its workers holds is left, and so is what is not ours."""
        monkeypatch.setattr(folder_module, "IN_MEMORY", tmp_path)
        owned, joined, other = (
            tmp_path / name for name in (f"{PREFIX}owned", f"{PREFIX}joined", "digitserve-models")
        )
        for folder in (owned, joined, other):
            folder.mkdir()
        member = Board(joined).join()
        for folder in (owned, joined, other):
            _make_old(folder, 3600)

        with hold(owned), make_folder():
            assert all(folder.exists() for folder in (owned, joined, other))
        member.leave()


def _make_old(folder: Path, age_s: int) -> Path:
    """Make a folder with a file in it, and date it back."""
    folder.mkdir(exist_ok=True)
    (folder / "notice.json").touch()
    os.utime(folder, times=(time.time() - age_s,) * 2)
    return folder


def _fail(*_: object) -> None:
    """Fail as writing to a full disk does."""
    raise OSError(errno.ENOSPC, "No space left on device")
