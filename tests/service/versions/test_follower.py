"""A worker that keeps its models as the notice has them."""

import asyncio
import logging
from pathlib import Path

import pytest

from service.errors import BundleError
from service.inference.models import Models
from service.versions import follower as follower_module
from service.versions.board import Acknowledgement, Board
from service.versions.follower import Follower, following
from service.versions.notice import Notice
from tests.bundles import copy_bundle, seal
from tests.service.versions.workers import QuickExaminer, running, served


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    """Bundles digits/1 and digits/2."""
    for version in ("1", "2"):
        copy_bundle(tmp_path / "models", version=version)
    return tmp_path / "models"


@pytest.fixture
def board(tmp_path: Path) -> Board:
    """An empty board."""
    (tmp_path / "board").mkdir()
    return Board(tmp_path / "board")


def _first(models_dir: Path) -> Notice:
    """Return the notice of a service that serves digits/1."""
    examined = QuickExaminer("litert").examine(models_dir / "digits/1")
    return Notice.model_validate({"served": {"digits": {"active": examined}}})


class TestFollowing:
    """`following`."""

    def test_first_worker(self, board: Board, models_dir: Path) -> None:
        """The first worker serves the newest version, and posts that all shall."""

        async def start() -> tuple[list[str], Notice | None]:
            async with running(board, models_dir, 1) as models:
                return served(models), board.read()

        versions, notice = asyncio.run(start())

        assert versions == ["2"]
        assert notice is not None
        assert notice.served["digits"].active.version == "2"

    def test_later_worker(
        self, board: Board, models_dir: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A worker that starts later serves what the others do, and does not even look at what is newest."""
        board.post(_first(models_dir))
        (models_dir / "digits/2/saved_model.pb").unlink()

        async def start() -> list[str]:
            async with running(board, models_dir) as models:
                return served(models)

        with caplog.at_level(logging.ERROR, logger="digitserve"):
            assert asyncio.run(start()) == ["1", "1"]
        assert caplog.messages == []

    def test_previous_is_at_hand(self, board: Board, models_dir: Path) -> None:
        """It has loaded the version before, too."""
        first = _first(models_dir)
        newer = QuickExaminer("litert").examine(models_dir / "digits/2")
        board.post(first.propose(newer).commit(newer))

        async def start() -> str:
            async with running(board, models_dir, 1) as [models]:
                return models.find(None, "1").version

        assert asyncio.run(start()) == "1"

    def test_active_is_gone(
        self, board: Board, models_dir: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Where nobody serves the active version, and it cannot be loaded, all serve the newest one from now on."""
        board.post(_first(models_dir))
        (models_dir / "digits/1/saved_model.pb").unlink()

        async def start() -> list[str]:
            async with running(board, models_dir, 2) as models:
                return served(models)

        with caplog.at_level(logging.ERROR, logger="digitserve"):
            assert asyncio.run(start()) == ["2", "2"]
        assert caplog.messages[-1].startswith("The bundle digits/1 lacks saved_model.pb")
        notice = board.read()
        assert notice is not None
        assert (notice.generation, notice.served["digits"].active.version) == (2, "2")

    @pytest.mark.parametrize("is_whole", [False, True], ids=["damaged", "another"])
    def test_active_cannot_be_loaded(self, is_whole: bool, board: Board, models_dir: Path) -> None:
        """While another worker answers with a version, one that cannot load that very bundle does not start."""

        async def start() -> list[str]:
            async with running(board, models_dir, 1) as models:
                if is_whole:
                    seal(models_dir / "digits/2", seed=99)
                else:
                    (models_dir / "digits/2/saved_model.pb").unlink()
                with pytest.raises(BundleError, match="answer with version 2 of digits"):
                    async with running(board, models_dir, 1):
                        pass
                return served(models)

        assert asyncio.run(start()) == ["2"]

    def test_model_is_gone(self, board: Board, models_dir: Path) -> None:
        """So it is where a model that others serve has no valid version at all."""
        copy_bundle(models_dir, name="others")

        async def start() -> None:
            async with running(board, models_dir, 1):
                (models_dir / "others/1/saved_model.pb").unlink()
                with pytest.raises(BundleError, match="answer with version 1 of others"):
                    async with running(board, models_dir, 1):
                        pass

        asyncio.run(start())

    def test_without_a_board(self, models_dir: Path) -> None:
        """A worker alone, without a folder, serves what is newest."""

        async def start() -> str:
            async with following(None, models_dir, default="digits", engine="litert") as models:
                return models.find(None).version

        assert asyncio.run(start()) == "2"


class TestFollow:
    """`Follower.follow`."""

    def test_candidate(self, board: Board, models_dir: Path) -> None:
        """A candidate is loaded and acknowledged, and answers nobody."""
        candidate = QuickExaminer("litert").examine(models_dir / "digits/2")
        notice = _first(models_dir).propose(candidate)

        models, said = _follow(board, models_dir, notice)

        assert said == Acknowledgement(generation=2)
        assert models.find(None).version == "1"
        assert models.pinned == {}

    def test_other_bundle(self, board: Board, models_dir: Path) -> None:
        """A bundle that was changed since its examination is not loaded, and the worker says why."""
        candidate = QuickExaminer("litert").examine(models_dir / "digits/2")
        seal(models_dir / "digits/2", seed=99)

        _, said = _follow(board, models_dir, _first(models_dir).propose(candidate))

        assert said is not None
        assert said.generation == 2
        assert str(said.error).startswith("The bundle digits/2 is not the one that was examined")

    def test_active_cannot_be_loaded(self, board: Board, models_dir: Path) -> None:
        """A version that came to answer while this worker could not load it is told as its failure."""
        newer = QuickExaminer("litert").examine(models_dir / "digits/2")
        (models_dir / "digits/2/saved_model.pb").unlink()

        models, said = _follow(board, models_dir, _first(models_dir).propose(newer).commit(newer))

        assert models.find(None).version == "1"
        assert said is not None
        assert str(said.error).startswith("The bundle digits/2 lacks saved_model.pb")

    def test_board_fails(
        self,
        board: Board,
        models_dir: Path,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """A board that cannot be read for a while keeps no worker from following it later."""
        for name in ("LOOK_S", "RETRY_S"):
            monkeypatch.setattr(follower_module, name, 0.001)
        newer = QuickExaminer("litert").examine(models_dir / "digits/2")
        first = _first(models_dir)
        board.post(first)

        async def fail_and_follow() -> list[str]:
            async with running(board, models_dir, 1) as models:
                read, board.read = board.read, _fail  # type: ignore[method-assign]  # a failing disk
                while not caplog.messages:
                    await asyncio.sleep(0.01)
                board.read = read  # type: ignore[method-assign]  # and its end
                board.post(first.propose(newer).commit(newer))
                while served(models) != ["2"]:
                    await asyncio.sleep(0.01)
                return served(models)

        with caplog.at_level(logging.ERROR, logger="digitserve"):
            assert asyncio.run(asyncio.wait_for(fail_and_follow(), 60)) == ["2"]
        assert set(caplog.messages) == {"The notice of versions cannot be followed."}


def _fail() -> Notice | None:
    """Fail as a disk does."""
    raise OSError(5, "gone")


def _follow(
    board: Board, models_dir: Path, notice: Notice
) -> tuple[Models, Acknowledgement | None]:
    """Have a worker with digits/1 follow a notice; return its models and what it says."""
    models = Models.load(models_dir, default="digits", engine="litert", preferred={"digits": "1"})
    follower = Follower(board, models, models_dir, "litert")
    board.post(notice)
    asyncio.run(follower.follow())
    [said] = board.acknowledgements()
    follower.leave()
    return models, said
