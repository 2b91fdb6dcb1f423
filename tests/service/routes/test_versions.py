"""Changing versions over HTTP."""

from pathlib import Path
from unittest.mock import AsyncMock

import pytest

from service.inference.recognition import Model
from service.settings import Settings
from service.telemetry.metrics.recorder import Recorder
from service.versions.board import Board
from service.versions.changes import Versions
from service.versions.notice import Notice, Served, Version
from tests.bundles import copy_bundle
from tests.service.in_process import FakeEngine, ask, load_model
from tests.service.versions.workers import QuickExaminer, make_versions


@pytest.fixture
def model() -> Model:
    """The embedded bundle on a fake engine."""
    return load_model(FakeEngine())


@pytest.fixture
def versions(tmp_path: Path, model: Model) -> Versions:
    """Versions of a service without workers, which serves digits/1 and has digits/2 on disk."""
    copy_bundle(tmp_path / "models", version="2")
    (tmp_path / "board").mkdir()
    board = Board(tmp_path / "board")
    board.post(Notice(served={"digits": Served(active=Version.of(model.bundle))}))
    return make_versions(board, tmp_path / "models", QuickExaminer("litert"))


class TestListVersions:
    """`GET /model/versions`."""

    def test_states(self, model: Model, versions: Versions) -> None:
        """Every version, with what became of it."""
        answer = ask(model, "GET", "/model/versions", versions=versions)

        assert answer.json() == [
            {
                "name": "digits",
                "version": "2",
                "state": "available",
                "accuracy": None,
                "reason": None,
            },
            {
                "name": "digits",
                "version": "1",
                "state": "active",
                "accuracy": model.bundle.manifest.metrics.test.accuracy,
                "reason": None,
            },
        ]


class TestReload:
    """`POST /model/reload`."""

    def test_changes(self, model: Model, versions: Versions) -> None:
        """It says what answers now, and what did before."""
        answer = ask(model, "POST", "/model/reload", versions=versions)

        assert answer.status_code == 200
        assert answer.json() == {
            "name": "digits",
            "version": "2",
            "accuracy": model.bundle.manifest.metrics.test.accuracy,
            "previous": "1",
            "workers": 0,
        }

    @pytest.mark.parametrize(
        ("query", "problem"),
        [
            ("version=7", "unknown-version"),
            ("version=../1", "unknown-version"),
            ("model=cats", "unknown-model"),
        ],
    )
    def test_unknown(self, model: Model, versions: Versions, query: str, problem: str) -> None:
        """What there is not is a problem; a path is no version."""
        answer = ask(model, "POST", f"/model/reload?{query}", versions=versions)

        assert answer.status_code == 404
        assert answer.json()["type"].endswith(problem)


class TestRollBack:
    """`POST /model/rollback`."""

    def test_goes_back(self, model: Model, versions: Versions) -> None:
        """The version before answers again."""
        ask(model, "POST", "/model/reload", versions=versions)

        answer = ask(model, "POST", "/model/rollback?model=digits", versions=versions)

        assert (answer.json()["version"], answer.json()["previous"]) == ("1", "2")

    def test_nothing_before(self, model: Model, versions: Versions) -> None:
        """A problem where there is none."""
        answer = ask(model, "POST", "/model/rollback", versions=versions)

        assert answer.status_code == 409
        assert answer.json()["type"].endswith("version-refused")


@pytest.mark.parametrize("path", ["/model/reload", "/model/rollback"])
class TestAdmin:
    """Of both."""

    def test_no_admin_key(self, model: Model, versions: Versions, path: str) -> None:
        """Where an admin key is set, a client without it is refused before anything is looked at."""
        settings = Settings.model_validate({"admin_keys": "secret"})

        without = ask(model, "POST", path, versions=versions, settings=settings)
        with_key = ask(
            model,
            "POST",
            f"{path}?model=cats",
            versions=versions,
            settings=settings,
            headers={"x-api-key": "secret"},
        )

        assert without.status_code == 401
        assert with_key.status_code == 404

    def test_no_folder(self, model: Model, path: str) -> None:
        """A service that found no folder to share says so."""
        answer = ask(model, "POST", path)

        assert answer.status_code == 409
        assert "found no folder" in answer.json()["detail"]


def test_outcomes_are_counted(
    model: Model, versions: Versions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The metrics say what became of every change that was asked for."""
    recorder = Recorder()

    for path in ("reload", "reload", "rollback", "reload?version=7"):
        ask(model, "POST", f"/model/{path}", versions=versions, recorder=recorder)
    (tmp_path / "models/digits/2/saved_model.pb").unlink()
    ask(model, "POST", "/model/reload", versions=versions, recorder=recorder)
    with Board(tmp_path / "board").alone():
        ask(model, "POST", "/model/reload", versions=versions, recorder=recorder)
    monkeypatch.setattr(Versions, "reload", AsyncMock(side_effect=ZeroDivisionError))
    ask(model, "POST", "/model/reload", versions=versions, recorder=recorder)
    lines = ask(model, "GET", "/metrics", recorder=recorder).text.splitlines()

    assert [line for line in lines if line.startswith("digitserve_version_changes_total")] == [
        'digitserve_version_changes_total{outcome="changed"} 2.0',
        'digitserve_version_changes_total{outcome="unchanged"} 1.0',
        'digitserve_version_changes_total{outcome="refused"} 1.0',
        'digitserve_version_changes_total{outcome="busy"} 1.0',
        'digitserve_version_changes_total{outcome="unknown"} 1.0',
        'digitserve_version_changes_total{outcome="failed"} 1.0',
    ]
