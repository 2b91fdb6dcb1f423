"""Workers of a service that changes versions, all in this process."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from service.bundle import Bundle
from service.inference.models import Models
from service.preprocessing import PREPROCESSING_VERSION
from service.versions.board import Board
from service.versions.changes import Versions
from service.versions.examination import Examiner
from service.versions.follower import following
from service.versions.notice import Version


class QuickExaminer(Examiner):
    """Believes what a manifest says of a bundle's accuracy."""

    def examine(self, path: Path) -> Version:
        """Read a bundle, and compute nothing."""
        bundle = Bundle.read(path, preprocessing_version=PREPROCESSING_VERSION)
        return Version.of(bundle)


def make_versions(board: Board, models_dir: Path, examiner: Examiner | None = None) -> Versions:
    """Return what changes versions, without a process for every examination."""
    return Versions(board, models_dir, examiner or QuickExaminer("litert"), max_accuracy_drop=0.001)


@asynccontextmanager
async def running(board: Board, models_dir: Path, count: int = 2) -> AsyncGenerator[list[Models]]:
    """Run workers that follow a board, and give the models of each."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                following(board, models_dir, default="digits", engine="litert")
            )
            for _ in range(count)
        ]


def served(models: list[Models]) -> list[str]:
    """Return the version that answers in each worker."""
    return [each.find(None).version for each in models]
