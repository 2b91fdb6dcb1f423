"""`GET /`: the web page, and below `/static` what it is made of.

files of `service/web` -> answers with an ETag, asked for anew and mostly not sent again
"""

from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

WEB = Path(__file__).parents[1] / "web"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False)


class PageFiles(StaticFiles):
    """Files that a browser keeps, and asks whether they are still the same before it uses them.

    Args:
        directory: Where they lie.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file."""
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "no-cache"
        return response


FILES = PageFiles(WEB)


@router.get("/")
async def page(request: Request) -> Response:
    """Show the page."""
    response = await FILES.get_response("index.html", request.scope)
    response.headers["content-security-policy"] = PAGE_POLICY
    return response
