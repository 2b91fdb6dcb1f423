"""What became of every version of every model: the notice and the disk, in one list."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from service.bundle import find_versions
from service.versions.notice import Notice

State = Literal["active", "loaded", "refused", "available"]


@dataclass(frozen=True)
class VersionState:
    """What became of a version.

    Attributes:
        name: The model's name.
        version: The version.
        state: `active` answers, `loaded` answers whoever asks for it, `refused` was tried, `available`
            lies on disk.
        accuracy: Share of right answers on its evaluation set, 0..1, if it is loaded.
        reason: Why it was refused.
    """

    name: str
    version: str
    state: State
    accuracy: float | None = None
    reason: str | None = None


def list_states(notice: Notice, models_dir: Path) -> list[VersionState]:
    """Return every version that is loaded, was refused or lies on disk, the newest of a model first.

    Raises:
        BundleError: If no bundle lies on disk any more.
    """
    # What comes later says more of the same version.
    last = {(state.name, state.version): state for state in _find_states(notice, models_dir)}
    return sorted(last.values(), key=lambda state: (state.name, -int(state.version)))


def _find_states(notice: Notice, models_dir: Path) -> Iterator[VersionState]:
    """Yield what is known of versions; of one that is known for several reasons, the best last."""
    for name, paths in find_versions(models_dir).items():
        yield from (VersionState(name, path.name, "available") for path in paths)
    for name, refusals in notice.refused.items():
        for version, reason in refusals.items():
            yield VersionState(name, version, "refused", reason=reason)
    for name, served in notice.served.items():
        if served.previous is not None:
            yield VersionState(name, served.previous.version, "loaded", served.previous.accuracy)
        yield VersionState(name, served.active.version, "active", served.active.accuracy)
