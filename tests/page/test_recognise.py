"""Tests of drawing and giving pictures, and of the answer that is shown."""

import base64
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.integration.conftest import running_service
from tests.page.conftest import Complaints, OpenPage
from tests.page.strokes import STROKES, draw_digit
from tests.pictures import draw, encode

SEVEN = Path(__file__).parents[2] / "docs/images/seven.png"


def _hand_over(page: Page, event: str, content: bytes, target: str) -> None:
    """Drop or paste a file."""
    page.evaluate(
        """([event, content, target]) => {
          const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
          const data = new DataTransfer();
          data.items.add(new File([bytes], "any"));
          const made = event === "drop"
            ? new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true})
            : new ClipboardEvent("paste", {clipboardData: data, bubbles: true});
          document.querySelector(target).dispatchEvent(made);
        }""",
        [event, base64.b64encode(content).decode(), target],
    )


class TestDrawing:
    """Drawing a digit."""

    @pytest.mark.parametrize("digit", STROKES)
    def test_recorded_strokes(self, digit: int, page: Page) -> None:
        """Each of the recorded digits is read, and said in words."""
        draw_digit(page, digit)

        expect(page.locator("#digit")).to_have_text(str(digit))
        expect(page.locator("#status")).to_contain_text(str(digit))
        expect(page.locator("#bars .best .name")).to_have_text(str(digit))

    def test_time_is_split(self, page: Page) -> None:
        """The time of a request is shown with what the service says that each step took."""
        draw_digit(page, 7)

        words = (
            r"Answered in \d+ ms, there and back · decoded in [\d.]+ ms · preprocessed in [\d.]+ ms · "
            r"waited for [\d.]+ ms · recognised by the model in [\d.]+ ms"
        )
        expect(page.locator("#timing")).to_have_text(re.compile(words))

    def test_undo_and_clear(self, page: Page) -> None:
        """Without its second stroke a four is something else; without ink there is no answer."""
        draw_digit(page, 4)
        expect(page.locator("#digit")).to_have_text("4")

        page.locator("#undo").click()
        expect(page.locator("#digit")).not_to_have_text("4")

        page.locator("#clear").click()
        expect(page.locator("#digit")).to_have_text("–")
        expect(page.locator("#pad-hint")).to_be_visible()

    def test_keyboard(self, page: Page) -> None:
        """Space lowers the pen and arrows move it: a line down is a one."""
        page.locator("#pad").focus()
        page.keyboard.press("Space")
        for _ in range(22):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Space")

        expect(page.locator("#digit")).to_have_text("1")

    def test_one_request_at_a_time_and_the_newest_counts(self, page: Page) -> None:
        """However slow the answers are, they never cross, and the last is of the whole drawing."""
        under_way, most = 0, 0

        def note(route: Route) -> None:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            answer = route.fetch()
            under_way -= 1  # before the page gets its answer, and may ask anew
            route.fulfill(response=answer)

        page.route("**/predict*", note)
        draw_digit(page, 4)

        expect(page.locator("#digit")).to_have_text("4")
        page.unroute_all(behavior="wait")
        assert most == 1

    def test_touch(self, open_page: OpenPage) -> None:
        """On a phone a finger draws, and the page does not scroll under it."""
        page = open_page(viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True)
        box = page.locator("#pad").bounding_box()
        assert box is not None
        session = page.context.new_cdp_session(page)
        x = box["x"] + box["width"] / 2

        for at, name in enumerate(["touchStart", *["touchMove"] * 8, "touchEnd"]):
            y = box["y"] + box["height"] * (0.15 + 0.08 * at)
            points = [] if name == "touchEnd" else [{"x": x, "y": y}]
            session.send("Input.dispatchTouchEvent", {"type": name, "touchPoints": points})

        expect(page.locator("#digit")).to_have_text("1")
        assert page.evaluate("scrollY") == 0


class TestPictures:
    """Giving a picture."""

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
    def test_drop(self, kind: str, page: Page) -> None:
        """Every kind of file is read, those that the browser cannot show too."""
        _hand_over(page, "drop", encode(draw(size=(200, 200)), kind), "#drop")

        expect(page.locator("#digit")).to_have_text("7")
        expect(page.locator("#steps")).to_contain_text("inverted")

    def test_paste(self, page: Page) -> None:
        """A picture from the clipboard is read."""
        _hand_over(page, "paste", SEVEN.read_bytes(), "body")

        expect(page.locator("#digit")).to_have_text("7")

    def test_choose(self, page: Page) -> None:
        """A chosen file is read, and what the model saw is drawn."""
        page.locator("#file").set_input_files(SEVEN)

        expect(page.locator("#digit")).to_have_text("7")
        inked = page.evaluate(
            "document.getElementById('seen').getContext('2d').getImageData(0, 0, 28, 28).data"
            ".filter((value, at) => at % 4 === 0 && value > 128).length"
        )
        assert 20 < inked < 300

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"no picture at all", "This is no picture of a kind"),
            (encode(draw(ink=255)), "Blank"),
            (SEVEN.read_bytes()[:80], "damaged or cut off"),
        ],
        ids=["text", "blank", "cut"],
    )
    def test_unusable(self, content: bytes, words: str, page: Page, complaints: Complaints) -> None:
        """What cannot be read is explained where the answer would be."""
        complaints.expected += ["status of 415", "status of 422"]
        _hand_over(page, "drop", content, "#drop")

        expect(page.locator("#status")).to_contain_text(words)
        expect(page.locator("#digit")).to_have_text("–")


class TestService:
    """A service that does not answer as it should."""

    def test_away_and_back(self, page: Page, complaints: Complaints) -> None:
        """The page says that there is no answer, tries again, and goes on."""
        complaints.expected.append("net::ERR_FAILED")
        page.route("**/predict*", lambda route: route.abort())
        draw_digit(page, 7)
        expect(page.locator("#notice")).to_contain_text("does not answer")

        page.unroute("**/predict*")

        expect(page.locator("#digit")).to_have_text("7")
        expect(page.locator("#notice")).to_be_hidden()

    def test_overloaded(self, page: Page, complaints: Complaints) -> None:
        """503 is said in words, and tried again."""
        complaints.expected.append("status of 503")
        page.route("**/predict*", lambda route: route.fulfill(status=503, json={}), times=1)
        draw_digit(page, 7)

        expect(page.locator("#notice")).to_contain_text("overloaded")
        expect(page.locator("#digit")).to_have_text("7")

    def test_nothing_moves_under_the_pen(self, page: Page, complaints: Complaints) -> None:
        """A notice that comes while a person draws leaves the pad where it is."""
        complaints.expected.append("net::ERR_FAILED")
        page.route("**/predict*", lambda route: route.abort())
        before = page.locator("#pad").bounding_box()

        draw_digit(page, 7)

        expect(page.locator("#notice")).to_be_visible()
        assert page.locator("#pad").bounding_box() == before

    def test_key(self, open_page: OpenPage, tmp_path: Path, complaints: Complaints) -> None:
        """A service with keys is asked with the one that the person gives, kept for the tab."""
        complaints.expected += ["status of 401", "net::ERR_"]  # the service ends before the page
        with running_service(tmp_path, API_KEYS="a-key-of-twenty-letters") as client:
            page = open_page(str(client.base_url))
            draw_digit(page, 7)
            expect(page.locator("#notice")).to_contain_text("asks for a key")

            page.locator("#key").fill("a-key-of-twenty-letters")
            page.locator("#key-form button").click()

            expect(page.locator("#digit")).to_have_text("7")
            page.reload()
            draw_digit(page, 1)
            expect(page.locator("#digit")).to_have_text("1")
            expect(page.locator("#notice")).to_be_hidden()
