"""Tests of scoring a model on the page."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.page.conftest import Complaints
from tests.pictures import ONE, draw, encode


def _zip() -> bytes:
    """Return a zip of two sevens, one of them labelled 2, and of a one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, strokes in (("7/a.png", None), ("2/b.png", None), ("1/c.png", ONE)):
            picture = draw(strokes) if strokes else draw()
            archive.writestr(name, encode(picture))
    return buffer.getvalue()


def _score_own(page: Page) -> None:
    """Have the page score the pictures of the zip."""
    page.locator("#tab-evaluate").click()
    file = {"name": "own.zip", "mimeType": "application/zip", "buffer": _zip()}
    page.locator("#evaluate-file").set_input_files(file)  # type: ignore[arg-type]  # a FilePayload
    expect(page.locator("#evaluate-status")).to_have_text("Done: 66.7% right.")


@pytest.fixture(autouse=True)
def may_be_busy(complaints: Complaints) -> None:
    """The service scores one model at a time, and a run that was given up before takes a moment to end."""
    complaints.is_failure_expected = True


class TestEvaluate:
    """The view."""

    def test_own_pictures(self, page: Page) -> None:
        """A zip is scored; the cell of its mistake opens the digit."""
        _score_own(page)

        expect(page.locator("#scores")).to_contain_text("66.67% of 3 right")
        page.get_by_role("button", name="1 digits 2 were read as 7").click()
        expect(page.locator("#enlarged .mistakes figure")).to_have_count(1)

    def test_test_digits(self, page: Page) -> None:
        """The model's own digits are scored with progress, and give the manifest's accuracy."""
        page.locator("#tab-evaluate").click()
        page.locator("#evaluate-run").click()

        expect(page.locator("#evaluate-status")).to_contain_text("of 10,000 digits")
        expect(page.locator("#scores")).to_contain_text("99.65% of 10,000 right")
        expect(page.locator("#mistakes figure")).to_have_count(20)

    def test_cancel(self, page: Page) -> None:
        """A run that takes too long is given up."""
        page.locator("#tab-evaluate").click()
        page.locator("#evaluate-run").click()
        page.locator("#evaluate-cancel").click()

        expect(page.locator("#evaluate-status")).to_have_text("Cancelled.")
        expect(page.locator("#evaluate-result")).to_be_hidden()

    def test_download(self, page: Page) -> None:
        """The result is saved as the service gave it, the matrix as a table."""
        _score_own(page)

        with page.expect_download() as saved:
            page.locator("#download-json").click()
        assert json.loads(Path(saved.value.path()).read_text())["n"] == 3
        with page.expect_download() as saved:
            page.locator("#download-csv").click()
        assert Path(saved.value.path()).read_text().splitlines()[3] == "2,0,0,0,0,0,0,0,1,0,0"

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_accessible(self, theme: str, browser: Browser, address: str) -> None:
        """axe-core finds nothing to complain about, and nothing sticks out at 320 pixels."""
        page = browser.new_page(locale="en-GB", color_scheme="dark" if theme == "dark" else "light")
        page.goto(address)
        _score_own(page)

        violations = Axe().run(page).response["violations"]
        page.set_viewport_size({"width": 320, "height": 640})
        width = page.evaluate("document.documentElement.scrollWidth")

        page.close()
        assert [(it["id"], [node["html"] for node in it["nodes"]][:3]) for it in violations] == []
        assert width <= 320
