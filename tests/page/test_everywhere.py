"""Tests of what every view keeps to: languages, themes, widths, accessibility."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.page.conftest import OpenPage
from tests.page.strokes import draw_digit
from tests.page.views import open_view


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "zh-TW"])
@pytest.mark.parametrize("view", ["recognise", "inside"])
def test_accessible(view: str, locale: str, theme: str, open_page: OpenPage) -> None:
    """axe-core finds nothing to complain about, in either language and theme."""
    page = open_page(locale=locale, color_scheme=theme)
    open_view(page, view)

    violations = Axe().run(page).response["violations"]

    assert [(it["id"], [node["html"] for node in it["nodes"]][:3]) for it in violations] == []


def test_language(page: Page) -> None:
    """The page speaks the browser's language, then the one that is chosen, also the next time."""
    draw_digit(page, 7)
    expect(page.locator("#status")).to_contain_text("It is a 7")

    page.locator("#language").click()

    expect(page.locator("html")).to_have_attribute("lang", "zh-Hant")
    expect(page.locator("#status")).to_contain_text("這是 7")
    expect(page.locator("#tab-inside")).to_have_text("看看裡面")
    page.reload()
    expect(page.locator("#status")).to_have_text("請手寫、拖放或貼上一個數字。")


def test_theme(page: Page) -> None:
    """The theme is the system's, then the one that is chosen, also the next time."""
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) == "rgb(245, 247, 251)"

    page.locator("#theme").click()

    assert page.evaluate(paper) == "rgb(13, 18, 32)"
    page.reload()
    assert page.evaluate(paper) == "rgb(13, 18, 32)"


def test_tabs_by_keyboard(page: Page) -> None:
    """Arrow keys change the view, and the address remembers it."""
    page.locator("#tab-recognise").focus()

    page.keyboard.press("ArrowRight")

    expect(page.locator("#view-inside")).to_be_visible()
    expect(page.locator("#tab-inside")).to_be_focused()
    page.reload()
    expect(page.locator("#view-inside")).to_be_visible()


def test_reaches_nothing_but_the_service(page: Page, address: str) -> None:
    """Everything comes from the service itself."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    draw_digit(page, 7)
    expect(page.locator("#digit")).to_have_text("7")

    assert [url for url in asked if not url.startswith((address, "data:"))] == []
