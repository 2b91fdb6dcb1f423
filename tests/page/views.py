"""The page's views, each brought to where it shows all it has."""

import io
import zipfile

from playwright.sync_api import Page, expect

from tests.page.strokes import draw_digit
from tests.pictures import ONE, draw, encode

VIEWS = ("recognise", "inside", "evaluate", "model")


def labelled_zip() -> bytes:
    """Return a zip of two sevens, one of them labelled 2, of a one, and of what is no picture."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, strokes in (("7/a.png", None), ("2/b,c.png", None), ("1/c.png", ONE)):
            picture = draw(strokes) if strokes else draw()
            archive.writestr(name, encode(picture))
        archive.writestr("3/broken.png", b"no picture")
    return buffer.getvalue()


def score_own(page: Page) -> None:
    """Have the page score the pictures of the zip."""
    page.locator("#tab-evaluate").click()
    file = {"name": "own.zip", "mimeType": "application/zip", "buffer": labelled_zip()}
    page.locator("#evaluate-file").set_input_files(file)  # type: ignore[arg-type]  # a FilePayload
    expect(page.locator("#evaluate-status")).to_contain_text("66.7%")


def open_view(page: Page, view: str) -> None:
    """Open a view, with a seven drawn or data scored where it shows one."""
    if view in ("recognise", "inside"):
        draw_digit(page, 7)
        expect(page.locator("#digit")).to_have_text("7")
    if view == "evaluate":
        score_own(page)
    page.locator(f"#tab-{view}").click()
    if view == "inside":
        expect(page.locator("#layers > li")).to_have_count(9)
    if view == "model":
        expect(page.locator("#about-pictures img")).to_have_count(9)
