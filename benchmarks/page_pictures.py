"""The pictures of the web page in docs/images: each of its views, all four small, and one in Chinese in the dark.

    running service -> Chromium, a window for each view -> pictures of few colours

`python -m benchmarks.page_pictures URL`, in the environment of `make test`, which has Playwright.
"""

import io
import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.catalogue import ROOT
from benchmarks.web_page import CHROMIUM, draw_seven

IMAGES = ROOT / "docs" / "images"
SIZE = (1120, 840)  # of a window, and of its picture
SMALL = (560, 420)  # of a view among the four
GAP, PAPER = 12, "#ffffff"
MAX_COLOURS = 200
PATIENCE_MS = 120_000  # a model is scored on 10,000 digits


def _recognise(page: Page) -> None:
    """Draw a seven, and wait for its answer."""
    page.locator("#tab-recognise").click()
    draw_seven(page)
    page.locator("#digit", has_text="7").wait_for()


def _inside(page: Page) -> None:
    """Look into the second convolution, at a place with ink."""
    _recognise(page)
    page.locator("#tab-inside").click()
    page.locator("#slide-layer").select_option("convolution_2")
    page.locator("#filter").select_option(index=4)
    page.locator("#channel").select_option(index=3)
    page.locator("#inside-verdict").evaluate("it => it.closest('.card').scrollIntoView()")


def _evaluate(page: Page) -> None:
    """Score the model on its test digits."""
    page.locator("#tab-evaluate").click()
    page.locator("#evaluate-run").click()
    page.locator("#mistakes figure").first.wait_for()
    page.locator("#scores-title").evaluate("it => it.closest('.card').scrollIntoView()")


def _model(page: Page) -> None:
    """Show what the model says of itself."""
    page.locator("#tab-model").click()
    page.locator("#about-pictures img").first.wait_for()


VIEWS: dict[str, Callable[[Page], None]] = {
    "recognise": _recognise,
    "inside": _inside,
    "evaluate": _evaluate,
    "model": _model,
}


def take(browser: Browser, url: str, view: str, *, locale: str, theme: str) -> Image.Image:
    """Take the picture of a view, in a fresh window of that language and theme (`light`, `dark`)."""
    width, height = SIZE
    context = browser.new_context(
        locale=locale,
        color_scheme="dark" if theme == "dark" else "light",
        viewport={"width": width, "height": height},
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(url, wait_until="networkidle")
    VIEWS[view](page)
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(500)  # bars are moving still
    picture = page.screenshot()
    context.close()
    return Image.open(io.BytesIO(picture)).convert("RGB")


def join(pictures: list[Image.Image]) -> Image.Image:
    """Return four pictures side by side, two in a row, in small."""
    width, height = SMALL
    whole = Image.new("RGB", (2 * width + GAP, 2 * height + GAP), PAPER)
    for at, picture in enumerate(pictures):
        row, column = divmod(at, 2)
        place = (column * (width + GAP), row * (height + GAP))
        whole.paste(picture.resize(SMALL, Image.Resampling.LANCZOS), place)
    return whole


def write(picture: Image.Image, path: Path) -> None:
    """Write a picture as a small PNG: with a palette, which text and flat areas hardly show."""
    method = (
        Image.Quantize.MAXCOVERAGE
    )  # others lose what is small, such as the green of the answer
    few = picture.quantize(MAX_COLOURS, method=method, kmeans=2, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    print(f"Wrote {path}: {path.stat().st_size / 1000:.0f} kB")


def main(url: str) -> None:
    """Take all pictures of the page of the service at a URL."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        pictures = {it: take(browser, url, it, locale="en-GB", theme="light") for it in VIEWS}
        chinese = take(browser, url, "inside", locale="zh-TW", theme="dark")
        browser.close()
    for view, picture in pictures.items():
        write(picture, IMAGES / f"page-{view}.png")
    write(join(list(pictures.values())), IMAGES / "page.png")
    write(chinese, IMAGES / "page-zh.png")


if __name__ == "__main__":
    main(sys.argv[1])
