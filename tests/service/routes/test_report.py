"""Tests of what is served of a bundle's report."""

from dataclasses import replace
from pathlib import Path

import pytest

from service.bundle import REPORT
from tests.bundles import MODELS
from tests.service.in_process import FakeEngine, ask, load_model


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("predictions.png", "image/png"),
        ("history.csv", "text/csv; charset=utf-8"),
        ("model_summary.txt", "text/plain; charset=utf-8"),
        ("scores.json", "application/json"),
    ],
)
def test_file_of_the_report(file: str, kind: str) -> None:
    """A picture or table comes as it was exported, typed, and not to be guessed at."""
    answer = ask(load_model(FakeEngine()), "GET", f"/model/report/{file}?model=digits")

    assert answer.content == (MODELS / "digits/1" / REPORT / file).read_bytes()
    assert answer.headers["content-type"] == kind
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_client_that_has_it() -> None:
    """A client that has the file gets 304, and no body."""
    model = load_model(FakeEngine())
    first = ask(model, "GET", "/model/report/loss.png")

    again = ask(
        model, "GET", "/model/report/loss.png", headers={"if-none-match": first.headers["etag"]}
    )

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize(
    "file",
    [
        "none.png",
        "index.html",
        "..%2fmanifest.json",
        "%2e%2e%2fvalidation.npz",
        "..%5cmanifest.json",
        "%2fetc%2fpasswd",
        "loss.png%00",
        "LOSS.PNG",
    ],
)
def test_what_is_no_file_of_the_report(file: str) -> None:
    """Whatever else is named is a problem: another file of the bundle, a page, a path out of it."""
    answer = ask(load_model(FakeEngine()), "GET", f"/model/report/{file}")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("query", ["model=cats", "version=9"])
def test_unknown_model(query: str) -> None:
    """A model or version that is not served has no report."""
    answer = ask(load_model(FakeEngine()), "GET", f"/model/report/loss.png?{query}")

    assert answer.status_code == 404


def test_bundle_that_was_removed(tmp_path: Path) -> None:
    """A report whose bundle is gone from the disk, while its model goes on, is unknown."""
    model = load_model(FakeEngine())
    model.bundle = replace(model.bundle, path=tmp_path)

    answer = ask(model, "GET", "/model/report/loss.png")

    assert answer.status_code == 404
