"""`GET /`: the web page, and below `/static` what it is made of.

files of `service/web` -> answers with an ETag, asked for anew and mostly not sent again

They are sent as they lie there, but for the documentation of the page's own modules: its lines are sent empty, which
saves a sixth of what a visit loads and keeps the numbers of the lines. The JavaScript client keeps it, for its users.
"""

import gzip
import re
from functools import lru_cache
from pathlib import Path

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

WEB = Path(__file__).parents[1] / "web"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
MAX_KEPT_FILES = 256  # of about 3 kB, the viewer's of 0.5 MB; more than there are, in both codings
_KEPT_HEADERS = ("content-type", "etag", "last-modified", "cache-control", "vary")
# A comment that has its lines to itself; one in front of an expression, a cast, is left alone.
_DOCUMENTATION = re.compile(rb"^[ ]*/\*\*(?:(?!\*/).)*\*/$", re.DOTALL | re.MULTILINE)

router = APIRouter(include_in_schema=False)


class PageFiles(StaticFiles):
    """Files that a browser keeps, and asks whether they are still the same before it uses them.

    Args:
        directory: Where they lie.
        modules_are_ours: Whether modules (`.js`) are sent without their documentation.
    """

    def __init__(self, directory: Path, *, modules_are_ours: bool) -> None:
        super().__init__(directory=directory)
        self._modules_are_ours = modules_are_ours

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file, compressed for those who take that."""
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "no-cache"
        response.headers["vary"] = "Accept-Encoding"
        if not isinstance(response, FileResponse):
            return response
        file = Path(response.path)
        has_documentation = self._modules_are_ours and file.suffix == ".js"
        is_gzipped = "gzip" in Headers(scope=scope).get("accept-encoding", "")
        changed_ns = file.stat().st_mtime_ns
        content = await to_thread.run_sync(_read, file, changed_ns, has_documentation, is_gzipped)
        kept = {name: response.headers[name] for name in _KEPT_HEADERS}
        coding = {"content-encoding": "gzip"} if is_gzipped else {}
        return Response(content, headers={**kept, **coding})


@lru_cache(MAX_KEPT_FILES)
def _read(file: Path, _changed_ns: int, has_documentation: bool, is_gzipped: bool) -> bytes:
    """Read a file as it is sent; one that has changed since is read anew."""
    content = file.read_bytes()
    if has_documentation:
        content = _DOCUMENTATION.sub(lambda comment: b"\n" * comment[0].count(b"\n"), content)
    return gzip.compress(content) if is_gzipped else content


FILES = PageFiles(WEB, modules_are_ours=True)


async def send_document(name: str, request: Request, policy: str) -> Response:
    """Send a document of the page with its policy."""
    response = await FILES.get_response(name, request.scope)
    response.headers["content-security-policy"] = policy
    return response


@router.get("/")
async def page(request: Request) -> Response:
    """Show the page."""
    return await send_document("index.html", request, PAGE_POLICY)
