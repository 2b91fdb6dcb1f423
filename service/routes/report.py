"""`GET /model/report/{file}`: the pictures and tables of the training run that made a bundle.

name of a file -> listed in the manifest, of a kind that is shown? -> its bytes, with an ETag

What a request names is looked up among what the verified manifest lists, and never becomes a path.
"""

from pathlib import PurePosixPath

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response

from service.bundle import REPORT
from service.errors import UnknownReportError
from service.inference.recognition import Model
from service.resources import DepModel, problems

CONTENT_TYPES = {
    ".png": "image/png",
    ".csv": "text/csv; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
}

router = APIRouter()


@router.get(
    "/model/report/{file}",
    response_class=Response,
    responses={
        200: {"content": {kind.partition(";")[0]: {} for kind in CONTENT_TYPES.values()}},
        304: {"description": "Still the same"},
        **problems(404),
    },
    summary="A picture or table of the training run",
)
async def report_file(file: str, request: Request, model: DepModel) -> Response:
    """Answer with a file of the report, or tell a client that has it that it is still the same."""
    listed, kind = _find(file, model)
    headers = {"ETag": f'"{model.bundle.manifest.files[listed]}"', "Cache-Control": "no-cache"}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    try:
        content = await to_thread.run_sync((model.bundle.path / listed).read_bytes)
    except OSError as cause:  # the bundle was removed while it is served
        raise _unknown(model) from cause
    return Response(content, media_type=kind, headers=headers)


def _find(file: str, model: Model) -> tuple[str, str]:
    """Return a file of the report as the manifest lists it, and its content type."""
    listed = next((it for it in model.bundle.manifest.files if it == f"{REPORT}/{file}"), None)
    kind = CONTENT_TYPES.get(PurePosixPath(file).suffix)
    if listed is None or kind is None:
        raise _unknown(model)
    return listed, kind


def _unknown(model: Model) -> UnknownReportError:
    """Return the error for a file that is not in a report."""
    manifest = model.bundle.manifest
    return UnknownReportError(
        f"The report of {manifest.name}/{manifest.version} has no such picture or table. "
        f"/model?model={manifest.name} lists its files below {REPORT}/."
    )
