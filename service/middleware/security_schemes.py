"""Keys and limits in the OpenAPI document: where a client must show a key, and what it may hear."""

from typing import Any

from fastapi import FastAPI

from service.middleware.access import is_open
from service.settings import Settings

SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "api-key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def describe_access(app: FastAPI, settings: Settings) -> None:
    """Let an application's document say what its settings ask of clients."""
    describe = app.openapi

    def describe_with_access() -> dict[str, Any]:
        document = describe()
        if settings.api_keys or settings.admin_keys:
            document["components"]["securitySchemes"] = SCHEMES
        for path, operations in document["paths"].items():
            for operation in operations.values():
                _describe_operation(operation, settings, is_free=is_open(path))
        return document

    app.openapi = describe_with_access  # type: ignore[method-assign]  # FastAPI's own way to extend it


def _describe_operation(operation: dict[str, Any], settings: Settings, *, is_free: bool) -> None:
    """Say of one operation which keys open it, and how it refuses."""
    is_for_admins = "403" in operation["responses"]
    if (settings.api_keys and not is_free) or (settings.admin_keys and is_for_admins):
        operation["security"] = [{name: []} for name in SCHEMES]
        operation["responses"]["401"] = {"description": "Unauthorized", "content": _PROBLEM}
    if settings.rate_limit and not is_free:
        operation["responses"]["429"] = {"description": "Too Many Requests", "content": _PROBLEM}
