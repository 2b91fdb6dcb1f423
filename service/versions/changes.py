"""Changes of version: reload and roll back, for all workers or for none.

choose -> examine, once -> propose, until every worker has loaded it -> commit -> acknowledged
"""

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass
from pathlib import Path

from anyio import to_thread

from service.bundle import Bundle, find_versions
from service.errors import BundleError, UnknownVersionError, VersionRefusedError
from service.preprocessing import PREPROCESSING_VERSION
from service.versions.board import Acknowledgement, Board
from service.versions.examination import Examiner
from service.versions.notice import Notice, Version
from service.versions.states import VersionState, list_states

LOAD_TIMEOUT_S = 30.0  # for every worker to load a candidate beside its work
SWAP_TIMEOUT_S = 10.0  # for every worker to answer with it; the swap itself takes no time
LOOK_S = 0.02  # between two looks for acknowledgements
ROUNDING = 1e-9  # of the difference of two accuracies

logger = logging.getLogger("digitserve")


@dataclass(frozen=True)
class Change:
    """A change that was made.

    Attributes:
        active: The version that answers now.
        previous: The one before it; None if nothing has changed.
        num_workers: How many workers answer with it.
    """

    active: Version
    previous: Version | None
    num_workers: int


class Versions:
    """Changes the versions that all workers of a service answer with.

    Args:
        board: What the workers share.
        models_dir: Directory of the bundles.
        examiner: Examines a bundle before any worker loads it.
        max_accuracy_drop: How much less accurate than the active version another may be, 0..1.
    """

    def __init__(
        self, board: Board, models_dir: Path, examiner: Examiner, *, max_accuracy_drop: float
    ) -> None:
        self._board = board
        self._models_dir = models_dir
        self._examiner = examiner
        self._max_accuracy_drop = max_accuracy_drop

    async def reload(self, name: str, version: str | None = None) -> Change:
        """Answer with another version of a model, if it is whole and no worse.

        Args:
            name: A model that is served.
            version: Default: the newest that lies on disk.

        Raises:
            UnknownVersionError: If there is no such version on disk.
            VersionRefusedError: If it must not be served, is worse, or a worker cannot load it; the version
                that answered goes on.
            ChangeUnderWayError: If another change is being made.
        """
        with self._board.alone():
            path = self._find(name, version)
            active = self._notice.served[name].active
            try:
                if path.name == active.version:
                    return await self._stay(path, active)
                # A service that stops does not wait for the thread; the process ends with this one.
                candidate = await to_thread.run_sync(
                    self._examiner.examine, path, abandon_on_cancel=True
                )
                self._check_accuracy(candidate, active)
                return await self._change(candidate)
            except BundleError as error:
                with contextlib.suppress(
                    BundleError
                ):  # where even that cannot be written, the log has it
                    self._board.post(self._notice.refuse(name, path.name, str(error)))
                raise _refusal(error, active) from error

    async def roll_back(self, name: str) -> Change:
        """Answer with the version that answered before, which is loaded still.

        Raises:
            VersionRefusedError: If there is none, or a worker cannot load it any more.
            ChangeUnderWayError: If another change is being made.
        """
        with self._board.alone():
            served = self._notice.served[name]
            if served.previous is None:
                raise VersionRefusedError(
                    f"No version of {name} has answered before version {served.active.version} since the "
                    "service started. Load one: POST /model/reload?version=..."
                )
            try:
                return await self._change(served.previous)
            except BundleError as error:
                raise _refusal(error, served.active) from error

    def states(self) -> list[VersionState]:
        """Return every version that is loaded, was refused or lies on disk, the newest of a model first."""
        return list_states(self._notice, self._models_dir)

    @property
    def _notice(self) -> Notice:
        """The notice that holds now; there is one since the service started."""
        notice = self._board.read()
        assert notice is not None  # noqa: S101 - the first worker posts it before it serves
        return notice

    def _find(self, name: str, version: str | None) -> Path:
        """Return the directory of a version on disk, of the newest for None."""
        paths = find_versions(self._models_dir).get(name, [])
        found = [path for path in paths if version in (None, path.name)]
        if not found:
            raise UnknownVersionError(
                f"There is no version {version or ''} of {name} on disk".replace("  ", " ")
                + f". There are: {', '.join(path.name for path in paths) or 'none'}."
            )
        return found[0]

    async def _stay(self, path: Path, active: Version) -> Change:
        """Change nothing, where the bundle is the one that answers already."""
        bundle = await to_thread.run_sync(_read, path)
        if bundle.digest != active.digest:
            raise BundleError(
                f"The bundle {active.name}/{active.version} is not the one that was loaded: its manifest "
                "has changed. Give a model that was exported anew a version of its own."
            )
        return Change(active, None, len(self._board.acknowledgements()))

    def _check_accuracy(self, candidate: Version, active: Version) -> None:
        """Refuse a version that is less accurate than the active one by more than is allowed."""
        drop = active.accuracy - candidate.accuracy
        if drop > self._max_accuracy_drop + ROUNDING:
            raise BundleError(
                f"The bundle {candidate.name}/{candidate.version} has an accuracy of {candidate.accuracy:.4f} "
                f"on its evaluation set, and version {active.version} has {active.accuracy:.4f}: more than "
                f"the {self._max_accuracy_drop:g} less that DIGITSERVE_RELOAD_MAX_ACCURACY_DROP allows."
            )

    async def _change(self, candidate: Version) -> Change:
        """Have all workers load a version, then all answer with it; or none."""
        notice = self._notice
        previous = notice.served[candidate.name].active
        proposed = notice.propose(candidate)
        self._board.post(proposed)
        try:
            await self._have_loaded(candidate, proposed.generation)
            committed = proposed.commit(candidate)
            self._board.post(committed)
        except BaseException:
            with contextlib.suppress(BundleError):
                self._board.post(proposed.withdraw())
            raise
        followed, _ = await self._wait(committed.generation, SWAP_TIMEOUT_S)
        num_workers = sum(said.error is None for said in followed)
        logger.info(
            "Version %s of %s answers in place of %s, in %d workers.",
            *(candidate.version, candidate.name, previous.version, num_workers),
        )
        return Change(candidate, previous, num_workers)

    async def _have_loaded(self, candidate: Version, generation: int) -> None:
        """Wait until every worker has loaded a candidate.

        Raises:
            BundleError: If one cannot, or does not in time.
        """
        followed, num_behind = await self._wait(generation, LOAD_TIMEOUT_S)
        errors = [each.error for each in followed if each.error is not None]
        if errors:
            raise BundleError(errors[0])
        if num_behind:
            raise BundleError(
                f"{num_behind} of {num_behind + len(followed)} workers did not load the bundle "
                f"{candidate.name}/{candidate.version} within {LOAD_TIMEOUT_S:g} s. Try again when less is to be done."
            )

    async def _wait(self, generation: int, timeout_s: float) -> tuple[list[Acknowledgement], int]:
        """Wait until every worker has followed a notice; return what they said, and how many did not."""
        end = time.monotonic() + timeout_s
        while True:
            all_said = self._board.acknowledgements()
            followed = [said for said in all_said if said and said.generation >= generation]
            num_behind = len(all_said) - len(followed)
            if not num_behind or time.monotonic() > end:
                return followed, num_behind
            await asyncio.sleep(LOOK_S)


def _refusal(reason: BundleError, active: Version) -> VersionRefusedError:
    """Log and return why a version was refused, and what goes on."""
    text = f"{reason} Version {active.version} of {active.name} goes on."
    logger.error("%s", text)
    return VersionRefusedError(text)


def _read(path: Path) -> Bundle:
    """Read and check a bundle."""
    return Bundle.read(path, preprocessing_version=PREPROCESSING_VERSION)
