"""Versions, changed in all workers or in none."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from service.errors import (
    BundleError,
    ChangeUnderWayError,
    UnknownVersionError,
    VersionRefusedError,
)
from service.inference.models import Models
from service.manifest import Metrics, SplitMetrics
from service.versions import changes
from service.versions.board import Board
from service.versions.changes import Change, Versions
from service.versions.examination import Examiner
from service.versions.notice import Version
from service.versions.states import VersionState
from tests.bundles import copy_bundle, seal
from tests.service.versions.workers import QuickExaminer, make_versions, running, served

Act = Callable[[Versions, list[Models]], Awaitable[None]]


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    """The bundle digits/1."""
    copy_bundle(tmp_path / "models")
    return tmp_path / "models"


@pytest.fixture
def board(tmp_path: Path) -> Board:
    """An empty board."""
    (tmp_path / "board").mkdir()
    return Board(tmp_path / "board")


def _act(board: Board, models_dir: Path, act: Act, examiner: Examiner | None = None) -> list[str]:
    """Run two workers, act, and return what each serves then."""

    async def act_and_look() -> list[str]:
        async with running(board, models_dir) as models:
            await act(make_versions(board, models_dir, examiner), models)
            return served(models)

    return asyncio.run(asyncio.wait_for(act_and_look(), 120))


def _seal_with_accuracy(path: Path, accuracy: float) -> None:
    """Write into a bundle's manifest how right it is."""
    metrics = SplitMetrics(n=10_000, accuracy=accuracy, loss=0)
    seal(path, metrics=Metrics(validation=metrics, test=metrics))


class TestReload:
    """`Versions.reload`."""

    def test_newest(self, board: Board, models_dir: Path) -> None:
        """All workers answer with the newest version, and have the one before at hand."""
        made: list[Change] = []

        async def act(versions: Versions, models: list[Models]) -> None:
            copy_bundle(models_dir, version="2")
            copy_bundle(models_dir, version="10")
            made.append(await versions.reload("digits"))
            assert [each.find(None, "1").version for each in models] == ["1", "1"]

        assert _act(board, models_dir, act) == ["10", "10"]
        [change] = made
        assert change.previous is not None
        assert (change.active.version, change.previous.version) == ("10", "1")
        assert change.num_workers == 2

    def test_named(self, board: Board, models_dir: Path) -> None:
        """Or with the one that is asked for."""

        async def act(versions: Versions, models: list[Models]) -> None:
            copy_bundle(models_dir, version="2")
            copy_bundle(models_dir, version="10")
            await versions.reload("digits", "2")

        assert _act(board, models_dir, act) == ["2", "2"]

    def test_unknown(self, board: Board, models_dir: Path) -> None:
        """A version that lies nowhere is another error, which names those that do."""

        async def act(versions: Versions, models: list[Models]) -> None:
            with pytest.raises(UnknownVersionError, match=r"no version 7 of digits .* are: 1\."):
                await versions.reload("digits", "7")
            shutil.rmtree(models_dir / "digits")
            copy_bundle(models_dir, name="other")
            with pytest.raises(UnknownVersionError, match=r"no version of digits .* are: none\."):
                await versions.reload("digits")

        assert _act(board, models_dir, act) == ["1", "1"]

    def test_same(self, board: Board, models_dir: Path) -> None:
        """The version that answers already is left as it is."""
        made: list[Change] = []

        async def act(versions: Versions, models: list[Models]) -> None:
            made.append(await versions.reload("digits"))

        assert _act(board, models_dir, act) == ["1", "1"]
        assert [(each.previous, each.num_workers) for each in made] == [(None, 2)]

    def test_same_version_exported_anew(self, board: Board, models_dir: Path) -> None:
        """A version stands for one bundle: another in its place is refused."""

        async def act(versions: Versions, models: list[Models]) -> None:
            seal(models_dir / "digits/1", seed=99)
            with pytest.raises(VersionRefusedError, match="is not the one that was loaded"):
                await versions.reload("digits")

        _act(board, models_dir, act)

    @pytest.mark.parametrize(
        ("accuracy", "expected"), [(0.9955, "2"), (0.9954, "1")], ids=["as low", "lower"]
    )
    def test_accuracy(self, board: Board, models_dir: Path, accuracy: float, expected: str) -> None:
        """A version may be less accurate by what the setting allows, and no more; 0.9965 answers."""
        _seal_with_accuracy(models_dir / "digits/1", 0.9965)

        async def act(versions: Versions, models: list[Models]) -> None:
            _seal_with_accuracy(copy_bundle(models_dir, version="2"), accuracy)
            if expected == "1":
                with pytest.raises(VersionRefusedError, match=r"0\.9954 .* version 1 has 0\.9965"):
                    await versions.reload("digits")
            else:
                await versions.reload("digits")

        assert _act(board, models_dir, act) == [expected, expected]

    def test_damaged(self, board: Board, models_dir: Path) -> None:
        """A damaged version is refused, and the list says why."""

        async def act(versions: Versions, models: list[Models]) -> None:
            (copy_bundle(models_dir, version="2") / "saved_model.pb").unlink()
            with pytest.raises(
                VersionRefusedError, match=r"lacks .* Version 1 of digits goes on\."
            ):
                await versions.reload("digits")
            [refused, active] = versions.states()
            assert (refused.version, refused.state) == ("2", "refused")
            assert str(refused.reason).startswith("The bundle digits/2 lacks saved_model.pb")
            assert (active.version, active.state) == ("1", "active")
            while not all(each.refused.get("digits") for each in models):
                await asyncio.sleep(0.01)

        assert _act(board, models_dir, act) == ["1", "1"]

    def test_one_worker_cannot_load_it(self, board: Board, models_dir: Path) -> None:
        """If any worker cannot load a version, none answers with it, and all drop it."""

        class Spoiling(QuickExaminer):
            def examine(self, path: Path) -> Version:
                found = super().examine(path)
                seal(path, seed=99)
                return found

        async def act(versions: Versions, models: list[Models]) -> None:
            copy_bundle(models_dir, version="2")
            with pytest.raises(VersionRefusedError, match="is not the one that was examined"):
                await versions.reload("digits")

        assert _act(board, models_dir, act, Spoiling("litert")) == ["1", "1"]
        notice = board.read()
        assert notice is not None
        assert notice.candidate is None

    def test_one_worker_is_stuck(
        self, board: Board, models_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A worker that says nothing is waited for, but not for ever; then none answers with it."""
        monkeypatch.setattr(changes, "LOAD_TIMEOUT_S", 0.5)

        async def act(versions: Versions, models: list[Models]) -> None:
            stuck = board.join()
            copy_bundle(models_dir, version="2")
            with pytest.raises(VersionRefusedError, match=r"[1-3] of 3 workers did not load"):
                await versions.reload("digits")
            stuck.leave()

        assert _act(board, models_dir, act) == ["1", "1"]

    def test_one_worker_dies_meanwhile(self, board: Board, models_dir: Path) -> None:
        """A worker that ends before it has answered is not waited for."""

        async def act(versions: Versions, models: list[Models]) -> None:
            dying = board.join()
            copy_bundle(models_dir, version="2")
            reload = asyncio.create_task(versions.reload("digits"))
            while (notice := board.read()) and not notice.candidate:
                await asyncio.sleep(0.01)
            dying.leave()
            assert (await reload).num_workers == 2

        assert _act(board, models_dir, act) == ["2", "2"]

    def test_one_at_a_time(self, board: Board, models_dir: Path) -> None:
        """A change that another is in the way of is refused at once."""

        async def act(versions: Versions, models: list[Models]) -> None:
            with board.alone():
                for change in (versions.reload("digits"), versions.roll_back("digits")):
                    with pytest.raises(ChangeUnderWayError):
                        await change

        assert _act(board, models_dir, act) == ["1", "1"]


class TestRollBack:
    """`Versions.roll_back`."""

    def test_goes_back(self, board: Board, models_dir: Path) -> None:
        """All workers answer with the version before; its files are not needed."""

        async def act(versions: Versions, models: list[Models]) -> None:
            copy_bundle(models_dir, version="2")
            await versions.reload("digits")
            shutil.rmtree(models_dir / "digits/1")
            change = await versions.roll_back("digits")
            assert change.active.version == "1"
            assert [each.find(None, "2").version for each in models] == ["2", "2"]

        assert _act(board, models_dir, act) == ["1", "1"]

    def test_nothing_before(self, board: Board, models_dir: Path) -> None:
        """A service that has changed nothing cannot go back."""

        async def act(versions: Versions, models: list[Models]) -> None:
            with pytest.raises(
                VersionRefusedError, match="No version of digits has answered before"
            ):
                await versions.roll_back("digits")

        assert _act(board, models_dir, act) == ["1", "1"]

    def test_one_worker_is_stuck(
        self, board: Board, models_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """So it goes for going back: all or none."""

        async def act(versions: Versions, models: list[Models]) -> None:
            copy_bundle(models_dir, version="2")
            await versions.reload("digits")
            monkeypatch.setattr(changes, "LOAD_TIMEOUT_S", 0.5)
            stuck = board.join()
            with pytest.raises(VersionRefusedError, match="of 3 workers did not load"):
                await versions.roll_back("digits")
            stuck.leave()

        assert _act(board, models_dir, act) == ["2", "2"]


class TestStates:
    """`Versions.states`."""

    def test_every_state(self, board: Board, models_dir: Path) -> None:
        """What answers, what is loaded beside it, and what lies on disk, the newest first."""
        _seal_with_accuracy(models_dir / "digits/1", 0.9965)

        async def act(versions: Versions, models: list[Models]) -> None:
            _seal_with_accuracy(copy_bundle(models_dir, version="2"), 0.9965)
            await versions.reload("digits")
            copy_bundle(models_dir, version="10")

            assert versions.states() == [
                VersionState("digits", "10", "available"),
                VersionState("digits", "2", "active", 0.9965),
                VersionState("digits", "1", "loaded", 0.9965),
            ]

        _act(board, models_dir, act)

    def test_refused_at_start(self, board: Board, models_dir: Path) -> None:
        """A version that the start has passed over is listed with the reason."""
        (copy_bundle(models_dir, version="2") / "saved_model.pb").unlink()

        async def act(versions: Versions, models: list[Models]) -> None:
            assert [(each.version, each.state) for each in versions.states()] == [
                ("2", "refused"),
                ("1", "active"),
            ]

        _act(board, models_dir, act)


def test_notice_cannot_be_written(
    board: Board, models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder without room changes nothing, and the client is told."""

    def fail(_notice: object) -> None:
        raise BundleError("There is no room.")

    async def act(versions: Versions, models: list[Models]) -> None:
        copy_bundle(models_dir, version="2")
        monkeypatch.setattr(board, "post", fail)
        with pytest.raises(VersionRefusedError, match=r"There is no room\. Version 1"):
            await versions.reload("digits")

    assert _act(board, models_dir, act) == ["1", "1"]
