"""The follower: keeps the models of one worker as the notice has them.

notice -> load what is missing, in a thread -> answer with what is active -> acknowledge
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from anyio import to_thread

from service.engines import EngineKind
from service.errors import BundleError, DigitserveError
from service.inference.models import Models, load_model
from service.inference.recognition import Model
from service.versions.board import Acknowledgement, Board
from service.versions.notice import Notice, Version

LOOK_S = 0.1  # between two looks at the notice; each takes some ten microseconds
RETRY_S = 1.0  # after a failure
END_S = 2.0  # for a look in work when the process stops; it is not waited for any longer
SIZES_ON_THE_LOOP = (1,)  # a lone digit

logger = logging.getLogger("digitserve")


@asynccontextmanager
async def following(
    board: Board | None, models_dir: Path, *, default: str, engine: EngineKind
) -> AsyncGenerator[Models]:
    """Load models, those that the notice names if there is one, and keep them as it says.

    Args:
        board: Where the notice is; without one the models stay as they are.
        models_dir: Directory of the bundles.
        default: Name of the model that answers when a request names none.
        engine: Kind of the engine.

    Raises:
        BundleError: If the default has no version that may be served, or the version that other workers
            answer with cannot be loaded: all answer with the same one.
        EngineUnavailableError: If the engine cannot run here.
    """
    notice = board.read() if board else None
    active = (
        {name: served.active.version for name, served in notice.served.items()} if notice else {}
    )
    models = Models.load(models_dir, default=default, engine=engine, preferred=active)
    try:
        models.warm_up()
        if board is None:
            yield models
            return
        _agree(board, notice, models)
        async with _following(Follower(board, models, models_dir, engine)):
            yield models
    finally:
        models.close()


def _agree(board: Board, notice: Notice | None, models: Models) -> None:
    """Post what all shall serve where nobody has, or whoever did is gone; else check that it is loaded.

    Raises:
        BundleError: If others answer with a version that is not.
    """
    if notice is None:
        board.post(Notice.first(models))
        return
    lacking = [
        served.active
        for name, served in notice.served.items()
        if name not in models.by_name or models.by_name[name].bundle.digest != served.active.digest
    ]
    if not lacking:
        return
    if not board.acknowledgements():
        first = Notice.first(models)
        board.post(first.model_copy(update={"generation": notice.generation + 1}))
        return
    [version, *_] = lacking
    why = models.refused.get(version.name, {}).get(version.version, "")
    raise BundleError(
        f"{why} The other workers answer with version {version.version} of {version.name} as it was when they "
        "loaded it, and this one cannot: it does not start. Put the bundle back, or restart the service.".lstrip()
    )


@asynccontextmanager
async def _following(follower: "Follower") -> AsyncGenerator[None]:
    """Follow the notice that there is, then those that come."""
    try:
        await follower.follow()
        task = asyncio.create_task(follower.run())
        try:
            yield
        finally:
            # Cancelled in its sleep it would make Python 3.11's tracing lose track, and coverage with it.
            follower.end()
            await asyncio.wait([task], timeout=END_S)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
    finally:
        follower.leave()


class Follower:
    """Keeps models as the notice has them.

    Args:
        board: Where the notice is.
        models: What requests are answered from; changed between two turns of the event loop.
        models_dir: Directory of the bundles.
        engine: Kind of the engine.
    """

    def __init__(self, board: Board, models: Models, models_dir: Path, engine: EngineKind) -> None:
        self._board = board
        self._member = board.join()
        self._models = models
        self._models_dir = models_dir
        self._engine = engine
        self._generation = 0
        self._is_over = False
        self._loaded = {model.bundle.digest: model for model in models.by_name.values()}

    def leave(self) -> None:
        """Leave the board."""
        self._member.leave()

    def end(self) -> None:
        """Let `run` end at its next look."""
        self._is_over = True

    async def run(self) -> None:
        """Follow one notice after the other, until told to end or cancelled."""
        while not self._is_over:
            pause_s = LOOK_S
            try:
                await self.follow()
            except Exception as error:  # whatever it was, the next notice is to be followed
                logger.error("The notice of versions cannot be followed.", exc_info=error)
                pause_s = RETRY_S
            await asyncio.sleep(pause_s)

    async def follow(self) -> None:
        """Follow the notice, if it is a new one, and acknowledge it.

        Raises:
            OSError: If the board cannot be read.
        """
        notice = self._board.read()
        if notice is None or notice.generation == self._generation:
            return
        refusals = await self._load_missing(notice)
        await self._test(notice)
        self._answer_with(notice)
        self._generation = notice.generation
        reason = next(filter(None, map(refusals.get, _wanted(notice))), None)
        self._member.acknowledge(Acknowledgement(generation=notice.generation, error=reason))

    async def _load_missing(self, notice: Notice) -> dict[str, str]:
        """Load what a notice names beside what there is; return what could not be, by digest, and why."""
        refusals: dict[str, str] = {}
        for version in notice.versions():
            if version.digest in self._loaded:
                continue
            try:
                self._loaded[version.digest] = await self._load(version)
            except DigitserveError as error:
                refusals[version.digest] = str(error)
                logger.error("%s This worker goes on without.", error)
        return refusals

    async def _load(self, version: Version) -> Model:
        """Load and warm a version in a thread, and on the event loop what keeps one for each thread."""
        model = await to_thread.run_sync(load_version, self._models_dir, version, self._engine)
        for size in SIZES_ON_THE_LOOP:
            model.engine.predict(np.zeros((size, 28, 28), np.uint8))
            await asyncio.sleep(0)  # a first time takes some milliseconds: requests go in between
        return model

    async def _test(self, notice: Notice) -> None:
        """Test what is to answer: until now nobody did, and readiness asks for a recent success."""
        for served in notice.served.values():
            model = self._loaded.get(served.active.digest)
            if model is not None:
                with contextlib.suppress(Exception):  # the pulse will see it, and log it
                    await model.batcher.run(model.self_test)

    def _answer_with(self, notice: Notice) -> None:
        """Answer with the active versions, have the previous ones at hand, and drop all others."""
        active = {
            name: self._loaded.get(served.active.digest, self._models.by_name.get(name))
            for name, served in notice.served.items()
        }
        previous = [served.previous for served in notice.served.values() if served.previous]
        self._models.by_name = {name: model for name, model in active.items() if model}
        self._models.pinned = {
            (each.name, each.version): self._loaded[each.digest]
            for each in previous
            if each.digest in self._loaded
        }
        self._models.refused = notice.refused
        kept = {version.digest for version in notice.versions()}
        self._loaded = {digest: model for digest, model in self._loaded.items() if digest in kept}


def _wanted(notice: Notice) -> Iterator[str]:
    """Yield the digests without which a worker has not followed a notice."""
    if notice.candidate is not None:
        yield notice.candidate.digest
    yield from (served.active.digest for served in notice.served.values())


def load_version(models_dir: Path, version: Version, engine: EngineKind) -> Model:
    """Load and warm the very bundle that was examined.

    Raises:
        BundleError: If it must not be served, or is not the one that was examined.
        EngineUnavailableError: If the engine cannot run here.
    """
    model = load_model(models_dir / version.name / version.version, engine)
    if model.bundle.digest != version.digest:
        raise BundleError(
            f"The bundle {version.name}/{version.version} is not the one that was examined: its manifest "
            "has changed. Give a model that was exported anew a version of its own."
        )
    model.batcher.warm_up()
    return model
