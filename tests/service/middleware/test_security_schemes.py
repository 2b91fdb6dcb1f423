"""Keys and limits in the OpenAPI document."""

from typing import Any

import pytest

from service.app import create_app
from service.settings import Settings


def _document(**given: str | None) -> Any:
    fields: dict[str, Any] = given
    return create_app(Settings(**fields)).openapi()


def test_without_keys_nothing_is_said() -> None:
    """Without keys the document has neither schemes nor their answers."""
    document = _document()

    assert "securitySchemes" not in document["components"]
    assert "401" not in document["paths"]["/predict"]["post"]["responses"]


def test_schemes() -> None:
    """With keys it names both ways to send one."""
    assert _document(api_keys="key")["components"]["securitySchemes"] == {
        "bearer": {"type": "http", "scheme": "bearer"},
        "api-key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }


def test_closed_operations() -> None:
    """A route that wants a key says so, and what it answers without one."""
    operation = _document(api_keys="key")["paths"]["/predict"]["post"]

    assert operation["security"] == [{"bearer": []}, {"api-key": []}]
    assert {"200", "401", "415"} <= set(operation["responses"])
    (media,) = operation["responses"]["401"]["content"]
    assert media == "application/problem+json"


def test_open_operations() -> None:
    """A probe says that it wants none."""
    operation = _document(api_keys="key")["paths"]["/health/ready"]["get"]

    assert "security" not in operation
    assert "401" not in operation["responses"]


def test_admin_keys_alone() -> None:
    """With admin keys alone, what changes the service wants one, and nothing else does."""
    paths = _document(admin_keys="key")["paths"]

    closed = [path for path in paths for it in paths[path].values() if "security" in it]
    assert closed == ["/model/reload", "/model/rollback"]


@pytest.mark.parametrize(("limit", "is_said"), [(None, False), ("1/s", True)])
def test_limit(limit: str | None, is_said: bool) -> None:
    """A limit is said where requests are counted, and nowhere else."""
    paths = _document(rate_limit=limit)["paths"]

    assert ("429" in paths["/predict"]["post"]["responses"]) == is_said
    assert "429" not in paths["/health"]["get"]["responses"]


def test_document_can_be_asked_again() -> None:
    """The document is the same each time."""
    app = create_app(Settings(api_keys="key"))

    assert app.openapi() == app.openapi()
