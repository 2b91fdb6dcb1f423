"""Tests of the page's files: how they are sent, and what they may do and weigh."""

import re

import httpx
import pytest

from service.routes.page import WEB
from tests.service.in_process import FakeEngine, ask, load_model

MAX_BYTES = 60_000  # of all files, gzipped


def test_page_runs_its_own_files_alone() -> None:
    """The policy lets in scripts and styles of the service, and no inline ones."""
    answer = ask(load_model(FakeEngine()), "GET", "/")

    policy = answer.headers["content-security-policy"]
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self'; style-src 'self';" in policy
    assert "unsafe" not in policy


def test_document_has_nothing_inline() -> None:
    """No script, style or handler stands in the document itself."""
    document = (WEB / "index.html").read_text()

    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", document) == []


@pytest.mark.parametrize("path", ["/", "/static/app.js"])
def test_files_are_kept_and_asked_for_anew(path: str) -> None:
    """A browser that has a file gets 304, and no body."""
    model = load_model(FakeEngine())
    first = ask(model, "GET", path)

    again = ask(model, "GET", path, headers={"if-none-match": first.headers["etag"]})

    assert first.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")


def test_unknown_file() -> None:
    """What is no file of the page is a problem like any other, and leads nowhere else."""
    model = load_model(FakeEngine())

    for path in ("/static/none.js", "/static/..%2fapp.py"):
        answer = ask(model, "GET", path)
        assert (answer.status_code, answer.headers["content-type"]) == (
            404,
            "application/problem+json",
        )


def _send(name: str, **headers: str) -> httpx.Response:
    """Ask for a file of the page; its content is still compressed."""
    return ask(load_model(FakeEngine()), "GET", f"/static/{name}", headers=headers)


def test_page_is_small() -> None:
    """All files together weigh less than 60 kB as they are sent, each gzipped."""
    answers = [_send(path.name, **{"accept-encoding": "gzip"}) for path in WEB.iterdir()]

    assert all(answer.headers["content-encoding"] == "gzip" for answer in answers)
    assert sum(int(answer.headers["content-length"]) for answer in answers) < MAX_BYTES


@pytest.mark.parametrize("name", ["style.css", "digitserve.mjs", "viewer/swagger-ui.css"])
def test_sent_as_it_lies_there(name: str) -> None:
    """A file is sent whole, gzipped for those who take that; caches keep both apart."""
    content = (WEB / name.replace("viewer/", "../viewer/")).read_bytes()

    for coding in ("gzip, br", "identity"):
        answer = _send(name, **{"accept-encoding": coding})
        assert answer.content == content
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers.get("content-encoding", "identity") == coding.partition(",")[0]


def test_modules_are_sent_without_documentation() -> None:
    """Of a module of ours every line that is no documentation is sent, at its number."""
    lines = (WEB / "slide.js").read_text().splitlines()

    sent = _send("slide.js").text.splitlines()

    assert len(sent) == len(lines)
    changed = [line.strip() for line, now in zip(lines, sent, strict=True) if line != now]
    assert changed
    assert all(line.startswith(("/**", "*")) for line in changed)
    assert not any(line.strip().startswith(("/**", "* ")) for line in sent)


def test_head() -> None:
    """HEAD tells what GET would send."""
    answer = ask(load_model(FakeEngine()), "HEAD", "/static/app.js")

    assert answer.headers["content-length"] == _send("app.js").headers["content-length"]


def test_words_are_translated() -> None:
    """Every word stands in both languages, and every word that the document names in them."""
    names = {
        page: re.findall(r'^  "?([\w-]+)"?:', (WEB / f"words.{page}.js").read_text(), re.MULTILINE)
        for page in ("en", "zh")
    }
    named = re.findall(r'data-(?:text|label)="(\w+)"', (WEB / "index.html").read_text())

    assert names["en"] == names["zh"]
    assert set(named) <= set(names["en"])
