"""Keys in the OpenAPI document: how a client shows one, and where it need not."""

from typing import Any

from fastapi import FastAPI

from service.access import is_open

SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "api-key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_REFUSALS = {"401": "Unauthorized", "429": "Too Many Requests"}


def describe_keys(app: FastAPI) -> None:
    """Let an application's document name the keys, on every route that wants one."""
    describe = app.openapi

    def describe_with_keys() -> dict[str, Any]:
        document = describe()
        document["components"]["securitySchemes"] = SCHEMES
        for path, operations in document["paths"].items():
            for operation in operations.values():
                _describe_operation(operation, is_free=is_open(path))
        return document

    app.openapi = describe_with_keys  # type: ignore[method-assign]  # FastAPI's own way to extend it


def _describe_operation(operation: dict[str, Any], *, is_free: bool) -> None:
    """Say of one operation which keys open it, and what it answers without one."""
    operation["security"] = [] if is_free else [{name: []} for name in SCHEMES]
    if not is_free:
        operation["responses"] |= {
            status: {"description": words, "content": _PROBLEM}
            for status, words in _REFUSALS.items()
        }
