"""Tests of the figures of the web page."""

import pytest

from benchmarks.web_page import BEGIN, END, PAGE, Visit, write_figures

VISITS = [Visit(300.0, 120.0, 0, 0.0, 0.0), Visit(320.0, 120.0, 1, 60.0, 60.0)]


def test_figures_replace_those_before() -> None:
    """The table stands between its marks, once, and what is around it stays."""
    document = f"above\n{BEGIN}old\n{END}below\n"

    written = write_figures(document, VISITS, "a browser")
    again = write_figures(written, VISITS, "a browser")

    assert written == again
    assert written.startswith("above\n")
    assert written.endswith("below\n")
    assert "old" not in written
    assert "| First contentful paint, ms | 310 (300 to 320) |" in written


def test_document_without_marks() -> None:
    """A document without a place for the figures is refused."""
    with pytest.raises(ValueError, match="Put them back"):
        write_figures("above", VISITS, "a browser")


def test_page_has_figures() -> None:
    """The page's document has figures of this benchmark."""
    _, _, figures = PAGE.read_text(encoding="utf-8").partition(BEGIN)

    assert "| First contentful paint, ms |" in figures.partition(END)[0]
