"""`/model/versions`, `/model/reload` and `/model/rollback`: versions, changed while the service serves."""

from collections.abc import Awaitable
from dataclasses import asdict
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Query

from service.answers.schemas import ChangeBody, VersionBody
from service.errors import ChangeUnderWayError, UnknownVersionError, VersionRefusedError
from service.resources import DepResources, Resources, problems
from service.routes.admin import require_admin
from service.versions.changes import Change, Versions

router = APIRouter()

ModelName = Annotated[str | None, Query(description="Name of a served model")]


@router.get("/model/versions", responses=problems(409), summary="Every version of every model")
async def list_versions(resources: DepResources) -> list[VersionBody]:
    """Tell which versions answer, are loaded, were refused, or lie on disk."""
    states = await to_thread.run_sync(_changing(resources).states)
    return [VersionBody(**asdict(state)) for state in states]


@router.post(
    "/model/reload",
    dependencies=[Depends(require_admin)],
    responses=problems(401, 403, 404, 409),
    summary="Answer with another version of a model",
)
async def reload(
    resources: DepResources,
    model: ModelName = None,
    version: Annotated[str | None, Query(description="Default: the newest on disk")] = None,
) -> ChangeBody:
    """Examine a version, load it in every worker, and answer with it if it is no worse."""
    name = resources.models.find(model).bundle.manifest.name
    return await _count(resources, _changing(resources).reload(name, version))


@router.post(
    "/model/rollback",
    dependencies=[Depends(require_admin)],
    responses=problems(401, 403, 404, 409),
    summary="Answer with the version before",
)
async def roll_back(resources: DepResources, model: ModelName = None) -> ChangeBody:
    """Answer with the version that answered before, in every worker."""
    name = resources.models.find(model).bundle.manifest.name
    return await _count(resources, _changing(resources).roll_back(name))


async def _count(resources: Resources, changing: Awaitable[Change]) -> ChangeBody:
    """Wait for a change, count what becomes of it, and write it as an answer."""
    try:
        change = await changing
    except VersionRefusedError:
        resources.recorder.count_change("refused")
        raise
    except ChangeUnderWayError:
        resources.recorder.count_change("busy")
        raise
    except UnknownVersionError:
        resources.recorder.count_change("unknown")
        raise
    except Exception:
        resources.recorder.count_change("failed")
        raise
    resources.recorder.count_change("changed" if change.previous else "unchanged")
    return _write(change)


def _changing(resources: Resources) -> Versions:
    """Return what changes versions."""
    if resources.versions is None:
        raise VersionRefusedError(
            "This service cannot change versions: it is one of a cluster's replicas, which a new "
            "configuration replaces, or it found no folder in memory or for temporary files that it may "
            "write to. Give it one, /tmp say, and start it again."
        )
    return resources.versions


def _write(change: Change) -> ChangeBody:
    """Write a change as an answer."""
    return ChangeBody(
        name=change.active.name,
        version=change.active.version,
        accuracy=change.active.accuracy,
        previous=change.previous.version if change.previous else None,
        workers=change.num_workers,
    )
