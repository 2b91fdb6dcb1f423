"""Tests of the page's files: how they are sent, and what they may do and weigh."""

import gzip
import re

import pytest

from service.routes.page import WEB
from tests.service.in_process import FakeEngine, ask, load_model

MAX_BYTES = 60_000  # of all files, gzipped
VENDORED = "vendor"


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


def test_page_is_small() -> None:
    """All files together weigh less than 60 kB, gzipped one by one."""
    files = [path for path in WEB.rglob("*") if path.is_file() and VENDORED not in path.parts]

    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < MAX_BYTES


def test_words_are_translated() -> None:
    """Every word stands in both languages, and every word that the document names in them."""
    names = {
        page: re.findall(r'^  "?([\w-]+)"?:', (WEB / f"words.{page}.js").read_text(), re.MULTILINE)
        for page in ("en", "zh")
    }
    named = re.findall(r'data-(?:text|label)="(\w+)"', (WEB / "index.html").read_text())

    assert names["en"] == names["zh"]
    assert set(named) <= set(names["en"])
