"""The folder that the workers of a service share."""

import subprocess
import sys
from pathlib import Path

import pytest

from service.errors import BundleError, ChangeUnderWayError
from service.versions.board import Acknowledgement, Board
from service.versions.notice import Notice

NOTICE = Notice(served={})
JOIN = """\
import sys
from pathlib import Path
from service.versions.board import Acknowledgement, Board

member = Board(Path(sys.argv[1])).join()
member.acknowledge(Acknowledgement(generation=7))
print("joined", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def board(tmp_path: Path) -> Board:
    """An empty board."""
    return Board(tmp_path)


class TestNotice:
    """`Board.read` and `Board.post`."""

    def test_none(self, board: Board) -> None:
        """Before the first there is none."""
        assert board.read() is None

    def test_replaced(self, board: Board, tmp_path: Path) -> None:
        """Whoever uses the folder reads the last one."""
        board.post(NOTICE)
        board.post(NOTICE.withdraw())

        assert Board(tmp_path).read() == NOTICE.withdraw()

    def test_no_room(self, board: Board, tmp_path: Path) -> None:
        """What cannot be written is refused in our words, and the old notice stays."""
        board.post(NOTICE)
        (tmp_path / "notice.json").chmod(0o600)
        gone = Board(tmp_path)
        gone._notice = tmp_path / "nowhere/notice.json"

        with pytest.raises(BundleError, match="folder that the workers share cannot be written"):
            gone.post(NOTICE.withdraw())
        assert board.read() == NOTICE


class TestAlone:
    """`Board.alone`."""

    def test_one_at_a_time(self, board: Board, tmp_path: Path) -> None:
        """A second one is refused at once, and may as soon as the first is done."""
        with board.alone(), pytest.raises(ChangeUnderWayError), Board(tmp_path).alone():
            raise AssertionError("Two changed versions at once.")

        with Board(tmp_path).alone():
            pass
        assert ChangeUnderWayError.retry_after_s == 5


class TestMembers:
    """`Board.join` and `Board.acknowledgements`."""

    def test_said(self, board: Board) -> None:
        """Of every worker, what it said last."""
        silent, speaking = board.join(), board.join()
        for generation in (1, 2):
            speaking.acknowledge(Acknowledgement(generation=generation, error="It is broken."))

        said = board.acknowledgements()

        assert sorted(said, key=str) == [
            None,
            Acknowledgement(generation=2, error="It is broken."),
        ]
        silent.leave()
        speaking.leave()

    def test_no_room(self, board: Board, caplog: pytest.LogCaptureFixture) -> None:
        """A worker that cannot say anything says so in the log, and goes on."""
        member = board.join()
        member._path = member._path.parent / "nowhere/member.json"

        member.acknowledge(Acknowledgement(generation=1))

        assert board.acknowledgements() == [None]
        assert "A worker cannot acknowledge its versions: No such file" in caplog.text
        member.leave()

    def test_left(self, board: Board, tmp_path: Path) -> None:
        """Nobody waits for a worker that has left, and nothing of it stays."""
        member = board.join()
        member.acknowledge(Acknowledgement(generation=1))
        member.leave()

        assert board.acknowledgements() == []
        assert list((tmp_path / "members").iterdir()) == []

    def test_forgotten_by_another(
        self, board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Two may look at once, and one of them forgets who has died before the other looks there."""
        gone = tmp_path / "members/gone.lock"
        monkeypatch.setattr(Path, "glob", lambda *_: iter([gone]))

        assert board.acknowledgements() == []

    def test_killed(self, board: Board, tmp_path: Path) -> None:
        """Nor for one that was killed."""
        command = [sys.executable, "-c", JOIN, str(tmp_path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
            assert worker.stdout is not None
            worker.stdout.readline()
            before = board.acknowledgements()
            worker.kill()

        assert before == [Acknowledgement(generation=7)]
        assert board.acknowledgements() == []
