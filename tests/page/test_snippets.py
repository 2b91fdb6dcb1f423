"""Tests of the lines that repeat a request from a program."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.integration.conftest import running_service
from tests.page.conftest import Complaints, OpenPage
from tests.page.strokes import draw_digit
from tests.pictures import draw, encode

KEY = "a-key-of-twenty-letters"
NAME = "Anna's 7.png"
PASTE = """
() => {
  const area = document.body.appendChild(document.createElement("textarea"));
  area.focus();
}
"""


@pytest.fixture
def opened(page: Page) -> Page:
    """The page, with a seven drawn and the lines open."""
    draw_digit(page, 7)
    expect(page.locator("#digit")).to_have_text("7")
    page.locator("#snippets summary").click()
    return page


def test_model(opened: Page, address: str) -> None:
    """The lines name this service and the chosen model."""
    opened.locator("#model-choice").select_option("textbook")

    line = f"curl -F 'file=@digit.png' '{address}/predict?model=textbook'"
    expect(opened.locator("#curl")).to_have_text(line)
    expect(opened.locator("#snippets")).to_contain_text("JavaScript (Node, .mjs)")


def test_file_of_ones_own(opened: Page) -> None:
    """An upload is named as its file is, quoted for each language, and saved under that name."""
    picture = {"name": NAME, "mimeType": "image/png", "buffer": encode(draw())}
    opened.locator("#file").set_input_files(picture)  # type: ignore[arg-type]  # a FilePayload

    expect(opened.locator("#curl")).to_contain_text("-F 'file=@Anna'\\''s 7.png'")
    expect(opened.locator("#python")).to_contain_text('open("Anna\'s 7.png", "rb")')
    expect(opened.locator("#javascript")).to_contain_text('readFile("Anna\'s 7.png")')
    with opened.expect_download() as saved:
        opened.locator("#save").click()
    assert Path(saved.value.path()).read_bytes() == encode(draw())
    assert saved.value.suggested_filename.startswith("Anna")


def test_key(tmp_path: Path, open_page: OpenPage, complaints: Complaints) -> None:
    """Where the service asks for a key the lines have a place for it, but not the key itself."""
    complaints.expected += ["status of 401", "net::ERR_"]  # the service ends before the page
    with running_service(tmp_path, API_KEYS=KEY) as client:
        page = open_page(str(client.base_url))
        draw_digit(page, 7)
        page.locator("#key").fill(KEY)
        page.locator("#key-form button").click()
        expect(page.locator("#digit")).to_have_text("7")

        for name in ("curl", "python", "javascript"):
            expect(page.locator(f"#{name}")).to_contain_text("Bearer YOUR_KEY")
        assert KEY not in (page.locator("#snippets").text_content() or "")


@pytest.mark.parametrize("has_clipboard", [True, False], ids=["https", "http"])
def test_copy(has_clipboard: bool, opened: Page) -> None:
    """Lines are copied, also where the browser gives no clipboard, as over HTTP from another machine."""
    if has_clipboard:
        opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
    else:
        opened.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")

    opened.locator("[data-copy=python]").click()

    expect(opened.locator("[data-copy=python]")).to_have_text("Copied")
    opened.evaluate(PASTE)
    opened.keyboard.press("Control+V")
    expect(opened.locator("textarea")).to_have_value(opened.locator("#python").inner_text())
