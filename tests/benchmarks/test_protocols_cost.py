"""The study of what the other protocols cost an upload."""

import asyncio

import httpx
import pytest

import service.app
from benchmarks.protocols_cost import COMMAND, PAGE, ProtocolsRun, make_apps, measure_one, render


def test_figures() -> None:
    """The ratios of the processes are averaged, and the calls are the least."""
    runs = [
        ProtocolsRun(0, 1.01, 404.0, 400.0, 500, 498),
        ProtocolsRun(1, 0.99, 396.0, 400.0, 502, 499),
    ]

    section = " ".join(render(runs).split())

    assert "in 1.000 (standard error 0.010; 0.990 to 1.010)" in section
    assert "400 us and 400 us" in section
    assert "in 500 calls of functions, where it is 498 without: 2 processes" in section


def test_applications() -> None:
    """One is as it is, the other has every route but those of the protocols."""
    routed = service.app.ROUTED

    async def ask() -> list[int]:
        statuses = []
        for app in make_apps():
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                answers = [await client.get(path) for path in ("/v2", "/v1", "/health/live")]
            statuses += [answer.status_code for answer in answers]
        return statuses

    assert asyncio.run(ask()) == [200, 400, 200, 404, 404, 200]
    assert service.app.ROUTED is routed


def test_measures_an_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both applications answer uploads in this process."""
    monkeypatch.setattr("benchmarks.protocols_cost.NUM_UPLOADS", 2)

    figures = asyncio.run(measure_one(turns=7))

    assert 0.1 < figures["ratio"] < 10
    assert 100 < figures["with_calls"] < 5000


def test_page_has_a_place() -> None:
    """The page has the marks between which the figures go."""
    assert f"<!-- {COMMAND} -->\n" in PAGE.read_text()
