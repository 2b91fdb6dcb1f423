"""`GET /docs`: the interactive documentation, and below `/static/viewer` what it is made of.

Its policy lets in files of the service alone and nothing inline, so it works without any other host. The viewer is
Swagger UI 5.35.0, whose files lie unchanged in `service/viewer`; our document around it lies in `service/web`.
"""

from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.routes.page import PageFiles, send_document

VIEWER = Path(__file__).parents[1] / "viewer"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

FILES = PageFiles(VIEWER, modules_are_ours=False)

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def documentation(request: Request) -> Response:
    """Show the routes, and let a person try them."""
    return await send_document("docs.html", request, POLICY)
