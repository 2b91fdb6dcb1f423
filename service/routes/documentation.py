"""`GET /docs`: the interactive documentation, and below `/static/viewer` what it is made of.

Its policy lets in files of the service alone, so it works without any other host. The viewer is Swagger UI
5.35.0, whose files lie unchanged in `service/viewer`.
"""

import base64
import hashlib
import re
from pathlib import Path

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

from service.routes.page import PageFiles

VIEWER = Path(__file__).parents[1] / "viewer"
PREFIX = "static/viewer/"  # relative, for proxies that serve us below a path
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)

FILES = PageFiles(VIEWER)

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def documentation() -> HTMLResponse:
    """Show the routes, and let a person try them."""
    page = get_swagger_ui_html(
        openapi_url="openapi.json",
        title="digitserve",
        swagger_js_url=f"{PREFIX}swagger-ui-bundle.js",
        swagger_css_url=f"{PREFIX}swagger-ui.css",
        swagger_favicon_url="data:,",
    )
    page.headers["content-security-policy"] = _policy_for(bytes(page.body).decode())
    return page


def _policy_for(page: str) -> str:
    """Allow a page's inline script by its hash; the library sets styles inline."""
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in _INLINE_SCRIPT.findall(page))
    return (
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
