"""Tests of the page's Chinese: also what the service says, which speaks English, and whatever is shown already."""

import io
import re
import zipfile

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.page.conftest import Complaints, OpenPage
from tests.page.strokes import draw_digit
from tests.page.views import score_own
from tests.pictures import draw, encode

HAS_ENGLISH = re.compile(r"[A-Za-z]{3,} [A-Za-z]{2,}")


def _two_sevens() -> Image.Image:
    """Draw two digits of the same size."""
    image = Image.new("L", (500, 300), 255)
    for x in (60, 300):
        line = [(x, 60), (x + 90, 60), (x + 50, 220)]
        ImageDraw.Draw(image).line(line, fill=0, width=14)
    return image


PICTURES = {
    "faint": (draw(ink=225), "對比太低"),
    "border": (draw(at=(0.2, -0.1, 0.8)), "可能被截斷"),
    "several": (_two_sevens(), "只讀取了其中一個"),
}


def _zip(*members: tuple[str, bytes]) -> bytes:
    """Return a zip of these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


DATA = {
    "text": (b"no data at all", "no labelled data that is read", "這不是可讀取的標記資料"),
    "cut": (_zip(("7/a.png", b"a"))[:40], "truncated or damaged", "zip 不完整或已損壞"),
    "folder": (_zip(("a.png", b"a")), "named by a digit, 0 to 9", "以數字 0 到 9 命名的資料夾"),
    "empty": (_zip(), "holds no images", "沒有圖片"),
    "none": (
        _zip(("7/a.png", encode(draw(ink=255)))),
        "None of the 1 images can be used. The first, 7/a.png: The image shows no ink",
        "圖片上沒有墨跡",
    ),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_warnings(kind: str, open_page: OpenPage) -> None:
    """Each warning of the service is said in Chinese, and in its own words once English is chosen."""
    picture, words = PICTURES[kind]
    page = open_page(locale="zh-TW")
    file = {"name": "a.png", "mimeType": "image/png", "buffer": encode(picture)}
    page.locator("#file").set_input_files(file)  # type: ignore[arg-type]  # a FilePayload

    expect(page.locator("#warnings")).to_contain_text(words)
    assert not HAS_ENGLISH.search(page.locator("#warnings").inner_text())
    page.locator("#language").click()
    expect(page.locator("#warnings")).to_contain_text(HAS_ENGLISH)


@pytest.mark.parametrize("kind", DATA)
def test_unusable_data(kind: str, page: Page, complaints: Complaints) -> None:
    """Why labelled data cannot be used is said in either language: the service's own reason."""
    complaints.expected += ["status of 415", "status of 422"]
    content, english, chinese = DATA[kind]
    page.locator("#tab-evaluate").click()
    file = {"name": "own.zip", "mimeType": "application/zip", "buffer": content}
    page.locator("#evaluate-file").set_input_files(file)  # type: ignore[arg-type]  # a FilePayload
    expect(page.locator("#evaluate-status")).to_contain_text(english)
    expect(page.locator("#evaluate-progress")).to_be_hidden()

    page.locator("#language").click()

    expect(page.locator("#evaluate-status")).to_contain_text(chinese)


def test_rejected_pictures(open_page: OpenPage) -> None:
    """Why a picture was left out of an evaluation is said in Chinese."""
    page = open_page()
    score_own(page)

    page.locator("#language").click()

    rejected = page.locator("#rejected")
    expect(rejected).to_contain_text("檔案開頭是 'no pictu'")


def test_all_is_retold(page: Page, complaints: Complaints) -> None:
    """Time, status of an evaluation and notice are told anew in the language that is chosen."""
    complaints.expected.append("net::ERR_FAILED")
    score_own(page)
    page.locator("#tab-recognise").click()
    draw_digit(page, 7)
    expect(page.locator("#timing")).to_contain_text("there and back")
    page.route("**/explain*", lambda route: route.abort())
    page.locator("#tab-inside").click()
    expect(page.locator("#notice")).to_contain_text("does not answer")

    page.locator("#language").click()

    expect(page.locator("#timing")).to_contain_text("來回")
    expect(page.locator("#evaluate-status")).to_contain_text("66.7% 正確")
    expect(page.locator("#notice")).to_contain_text("服務沒有回應")
    expect(page.locator("#inside-verdict")).to_contain_text("還沒有答案")
