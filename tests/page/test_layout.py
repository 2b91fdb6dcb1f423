"""Tests of the layout: at every width nothing is cut off and nothing sticks out.

With `DIGITSERVE_TEST_SCREENSHOTS=FOLDER` every view is kept there as a picture, to be looked at.
"""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.page.conftest import OpenPage
from tests.page.views import VIEWS, open_view

WIDTHS = (320, 768, 1280)
MAX_HEADER_PIXELS = {320: 120, 768: 120, 1280: 70}  # two rows, and one
FOLDER = os.environ.get("DIGITSERVE_TEST_SCREENSHOTS")
CUT_OFF = """
[...document.querySelectorAll("[role=tab], td, th, td button, .products span, .bars .value, .switches *")]
    .filter((it) => it.offsetParent && it.clientWidth && it.scrollWidth > it.clientWidth + 1) // it rounds
    .map((it) => `${it.tagName} ${it.textContent}: ${it.scrollWidth} > ${it.clientWidth}`)
"""
# The most four-digit counts that a matrix can hold, which a zip of three pictures does not bring.
FILL_MATRIX = """
document.querySelectorAll(".matrix td").forEach((cell) => {
  cell.replaceChildren(document.createElement("button"));
  cell.firstChild.textContent = "1003";
})
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "zh-TW"])
@pytest.mark.parametrize("view", VIEWS)
def test_widths(view: str, locale: str, theme: str, open_page: OpenPage) -> None:
    """No tab, cell or number is cut off, nothing sticks out, and the header has its rows."""
    page = open_page(locale=locale, color_scheme=theme)
    open_view(page, view)
    if view == "evaluate" and FOLDER is None:
        page.evaluate(FILL_MATRIX)

    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        _keep_picture(page, f"{view}-{width}-{locale}-{theme}")
        assert (width, page.evaluate(CUT_OFF)) == (width, [])
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        header = page.locator("header").bounding_box()
        assert header is not None
        assert header["height"] <= MAX_HEADER_PIXELS[width]


def _keep_picture(page: Page, name: str) -> None:
    """Keep a picture of the whole page, where a folder is given."""
    if FOLDER is not None:
        page.screenshot(path=Path(FOLDER) / f"{name}.png", full_page=True)
