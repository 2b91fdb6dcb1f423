"""Plain uploads, answered in front of the framework."""

from typing import Any

import httpx
import pytest
from fastapi.dependencies.utils import solve_dependencies

from service.settings import Settings
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, ask, load_model

DIGIT = encode(draw())


def _ask_both(
    engine: FakeEngine, content: bytes, **options: Any
) -> tuple[httpx.Response, httpx.Response]:
    """Send one upload both ways: as it is, and with a parameter that says what holds anyway."""
    model, headers = load_model(FakeEngine()), {"x-request-id": "same"}
    model.engine = engine
    plain, framework = (
        ask(model, "POST", path, content=content, headers=headers, **options)
        for path in ("/predict", "/predict?detail=false")
    )
    return plain, framework


class TestFastPath:
    """`FastPath`."""

    @pytest.mark.parametrize(
        ("content", "max_bytes"),
        [
            (DIGIT, 10**6),
            (b"", 10**6),
            (b"no image", 10**6),
            (DIGIT, 10),
            (encode(draw(ink=255)), 10**6),
        ],
        ids=["digit", "empty", "text", "too large", "blank"],
    )
    def test_answers_as_the_framework_does(self, content: bytes, max_bytes: int) -> None:
        """Status, headers and body are the same both ways, for answers and for problems."""
        settings = Settings(max_upload_bytes=max_bytes)

        plain, framework = _ask_both(FakeEngine(), content, settings=settings)

        assert plain.status_code == framework.status_code
        assert plain.content == framework.content
        assert sorted(plain.headers.items()) == sorted(framework.headers.items())

    @pytest.mark.parametrize(
        ("version", "status"), [("1", 200), ("7", 404), ("", 200)], ids=["loaded", "other", "none"]
    )
    def test_version_in_a_header(self, version: str, status: int) -> None:
        """A version that is asked for in a header answers, or is a problem, as one in the query is."""
        model = load_model(FakeEngine())

        header = ask(model, "POST", "/predict", content=DIGIT, headers={"x-model-version": version})
        query = ask(model, "POST", f"/predict?version={version}", content=DIGIT)

        assert header.status_code == query.status_code == status
        members = {"status", "type", "title", "detail", "class", "model"}
        assert {name: header.json().get(name) for name in members} == {
            name: query.json().get(name) for name in members
        }

    def test_unknown_failure(self) -> None:
        """What nobody foresaw is hidden both ways."""
        engine = FakeEngine()
        engine.failure = RuntimeError("secret")

        plain, framework = _ask_both(engine, DIGIT)

        assert plain.status_code == 500
        assert plain.json() == framework.json()
        assert "secret" not in plain.text

    @pytest.mark.parametrize(
        ("query", "is_solved"), [("", False), ("?detail=true", True)], ids=["plain", "parameter"]
    )
    def test_framework_is_spared(
        self, query: str, is_solved: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A plain upload costs no dependency; one with parameters goes through the framework."""
        solved: list[Any] = []

        async def note_and_solve(**options: Any) -> Any:
            solved.append(options)
            return await solve_dependencies(**options)

        monkeypatch.setattr("fastapi.routing.solve_dependencies", note_and_solve)

        answer = ask(load_model(FakeEngine()), "POST", f"/predict{query}", content=DIGIT)

        assert answer.status_code == 200
        assert bool(solved) == is_solved
