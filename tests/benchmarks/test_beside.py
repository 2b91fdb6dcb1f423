"""The study of uploads beside evaluations and explanations."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from benchmarks.beside import EXTENT, PAGE, BesideRun, render, working


def test_ratios_are_of_the_same_round() -> None:
    """Each kind of work has its line; ratios are of the same round."""
    runs = [
        BesideRun(0, "evaluate", 1.0, 2.0, 1.0, 3.0, 4),
        BesideRun(0, "explain", 1.0, 1.0, 1.0, 2.0, 6),
        BesideRun(1, "evaluate", 1.0, 4.0, 1.0, 8.0, 4),
        BesideRun(1, "explain", 1.0, 1.0, 1.0, 1.0, 6),
    ]

    section = render(runs)

    assert "| `/evaluate` | 4.00 | 1.00 (1.00 to 1.00) |" in section
    assert "| 5.50 (3.00 to 8.00) | 1.75 (1.50 to 2.00) |" in section
    assert "| `/explain?saliency=true` | 6.00 |" in section
    assert "Medians of 2 rounds" in section


def test_page_has_a_place() -> None:
    """The page has the marks between which the table goes."""
    assert f"<!-- {EXTENT.command} -->\n" in PAGE.read_text()


@pytest.fixture
def url() -> Iterator[str]:
    """A server that answers at `/right` with 200, and else with 503."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.send_response(200 if self.path == "/right" else 503)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_asks_until_the_end(url: str) -> None:
    """A route is asked over and over, and no more once it is over."""
    with working(f"{url}/right", None) as statuses:
        while len(statuses) < 3:
            pass

    num_answers = len(statuses)
    assert set(statuses) == {200}
    assert len(statuses) == num_answers


def test_refusals_are_no_work(url: str) -> None:
    """A route that refuses to work fails the measurement."""
    with pytest.raises(httpx.HTTPStatusError), working(f"{url}/wrong", None):
        pass
