"""Keys in the OpenAPI document."""

from typing import Any

from service.app import create_app
from service.settings import Settings


def _document(**given: str) -> Any:
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
    assert {"200", "401", "415", "429"} <= set(operation["responses"])
    (media,) = operation["responses"]["401"]["content"]
    assert media == "application/problem+json"


def test_open_operations() -> None:
    """A probe says that it wants none."""
    operation = _document(api_keys="key")["paths"]["/health/ready"]["get"]

    assert operation["security"] == []
    assert "401" not in operation["responses"]


def test_document_can_be_asked_again() -> None:
    """The document is the same each time."""
    app = create_app(Settings(api_keys="key"))

    assert app.openapi() == app.openapi()
