"""Cross-origin requests: which other sites' pages may use the service in a browser."""

import re
from typing import Any

from starlette.types import ASGIApp

ANY = "*"
OPTIONS: dict[str, Any] = {
    "allow_methods": ("GET", "POST"),
    "allow_headers": (
        "Authorization",
        "Content-Encoding",
        "Inference-Header-Content-Length",
        "X-API-Key",
        "X-Model-Version",
        "X-Request-ID",
        "X-Request-Timeout-Ms",
    ),
    "expose_headers": (
        "X-Request-ID",
        "Retry-After",
        "Server-Timing",
        "Inference-Header-Content-Length",
    ),
}
_ORIGIN = re.compile(r"https?://[^/\s,*]+")


def read_origins(text: str) -> tuple[str, ...]:
    """Read a setting: origins between commas, or `*` for all of them.

    Raises:
        ValueError: If one has no scheme, or a path.
    """
    origins = tuple(entry.strip().lower() for entry in text.split(",") if entry.strip())
    if not all(origin == ANY or _ORIGIN.fullmatch(origin) for origin in origins):
        raise ValueError("expected origins such as https://example.org, without a path, or *")
    return origins


def allow_origins(app: ASGIApp, origins: tuple[str, ...]) -> ASGIApp:
    """Let an application answer the pages of these sites; without any it stays as it is."""
    from starlette.middleware.cors import CORSMiddleware

    return CORSMiddleware(app, allow_origins=origins, **OPTIONS) if origins else app
