"""Tests of what draws: fingers, pens and the ball of the thumb, thin and thick, and how often it is asked."""

from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.page.conftest import OpenPage
from tests.page.strokes import draw_digit

PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 640},
    "has_touch": True,
    "is_mobile": True,
}
INK = """
() => {
  const {width, height} = document.getElementById("pad");
  const pixels = document.getElementById("pad").getContext("2d").getImageData(0, 0, width, height).data;
  return pixels.filter((value, at) => at % 4 === 0 && value < 128).length;
}
"""
GREY_AT = """
([x, y]) => document.getElementById("pad").getContext("2d").getImageData(x * 560, y * 560, 1, 1).data[0]
"""
NOTE_ANNOUNCEMENTS = """
window.shown = [];
window.announced = [];
const note = (region, times) => new MutationObserver(() => times.push(performance.now())).observe(
  region, {childList: true, characterData: true, subtree: true});
note(document.getElementById("status"), shown);
for (const region of document.querySelectorAll("output, [aria-live], [role=status]")) note(region, announced);
"""
ANNOUNCED_AFTER_MS = 680  # of rest, a little less than the page waits


class Hand:
    """Fingers on a phone, placed in shares of the drawing area."""

    def __init__(self, page: Page) -> None:
        self._session: CDPSession = page.context.new_cdp_session(page)
        box = page.locator("#pad").bounding_box()
        assert box is not None
        self._box = box

    def place(self, x: float, y: float) -> dict[str, float]:
        """Return a place of the area in pixels of the window."""
        box = self._box
        return {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}

    def touch(self, name: str, *fingers: tuple[float, float]) -> None:
        """Send a touch event with all fingers that are down."""
        points = [{**self.place(x, y), "id": at} for at, (x, y) in enumerate(fingers)]
        self._session.send("Input.dispatchTouchEvent", {"type": name, "touchPoints": points})

    def draw_with_pen(self, force: float) -> None:
        """Draw a line down with a pen."""
        steps = [
            ("mousePressed", 2),
            *(("mouseMoved", it) for it in range(3, 9)),
            ("mouseReleased", 8),
        ]
        for name, at in steps:
            pen: dict[str, Any] = {"type": name, "pointerType": "pen", "button": "left"}
            pen |= {**self.place(0.5, at / 10), "force": force, "buttons": 1, "clickCount": 1}
            self._session.send("Input.dispatchMouseEvent", pen)


def test_answer_in_sight_of_the_finger(open_page: OpenPage) -> None:
    """On a phone the digit stands below the drawing area while the finger still draws, within the window."""
    page = open_page(**PHONE)
    hand = Hand(page)
    hand.touch("touchStart", (0.5, 0.15))
    for step in range(1, 9):
        hand.touch("touchMove", (0.5, 0.15 + 0.08 * step))

    expect(page.locator("#glance-digit")).to_have_text("1")
    box = page.locator("#glance").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 640
    assert page.evaluate("scrollY") == 0
    hand.touch("touchEnd")
    help_box = page.locator("#pad-help").bounding_box()
    assert help_box is not None
    assert help_box["height"] <= 1  # there for screen readers, not to be seen


def test_second_finger_draws_nothing(open_page: OpenPage) -> None:
    """A second finger, such as the ball of the thumb, neither draws nor takes the stroke away."""
    page = open_page(**PHONE)
    hand = Hand(page)
    hand.touch("touchStart", (0.5, 0.15))
    hand.touch("touchMove", (0.5, 0.3))
    hand.touch("touchStart", (0.5, 0.3), (0.9, 0.9))
    for step in range(1, 6):
        hand.touch("touchMove", (0.5, 0.3 + 0.1 * step), (0.9, 0.9 - 0.1 * step))
    hand.touch("touchEnd")

    expect(page.locator("#digit")).to_have_text("1")
    assert page.evaluate(GREY_AT, [0.5, 0.6]) < 128
    assert page.evaluate(GREY_AT, [0.9, 0.7]) == 255


def test_pressure(page: Page) -> None:
    """A pen that is pressed harder draws a wider line."""
    hand = Hand(page)
    hand.draw_with_pen(0.1)
    light = page.evaluate(INK)
    page.locator("#clear").click()

    hand.draw_with_pen(1.0)

    assert page.evaluate(INK) > 1.5 * light > 0


def test_thickness(page: Page) -> None:
    """The slider makes the next stroke wider."""
    draw_digit(page, 7)
    before = page.evaluate(INK)
    page.locator("#clear").click()

    page.locator("#thickness").fill("80")
    draw_digit(page, 7)

    assert page.evaluate(INK) > 1.5 * before


def test_asks_about_ten_times_a_second(page: Page) -> None:
    """While a person draws it is asked about ten times a second, and no oftener."""
    page.route("**/predict*", lambda route: route.fulfill(status=200, json=ANSWER))
    box = page.locator("#pad").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 100, box["y"] + 50)
    page.mouse.down()
    for step in range(100):
        page.mouse.move(box["x"] + 100, box["y"] + 50 + 3 * step)
        page.wait_for_timeout(15)
    page.mouse.up()
    page.wait_for_timeout(300)

    starts = page.evaluate(
        "performance.getEntriesByType('resource').filter((it) => it.name.includes('/predict'))"
        ".map((it) => it.startTime)"
    )
    per_second = 1000 * (len(starts) - 1) / (starts[-1] - starts[0])
    assert len(starts) > 3
    assert per_second < 10.5  # fewer on a machine that has other work too


ANSWER = {
    "class": 1,
    "confidence": 1.0,
    "probabilities": [0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
    "status": "ok",
    "warnings": [],
    "model": {"name": "digits", "version": "1"},
}


def test_answer_is_read_out_once(page: Page) -> None:
    """However many answers a stroke brings, a screen reader says the last, once it has stayed for a moment."""
    expect(page.locator("#announcement")).not_to_be_empty()  # that of the start
    page.evaluate(NOTE_ANNOUNCEMENTS)

    draw_digit(page, 3)

    expect(page.locator("#announcement")).to_contain_text("It is a 3")
    page.wait_for_timeout(1000)
    shown, announced = page.evaluate("[shown, announced]")
    rests = sum(after - before > ANNOUNCED_AFTER_MS for before, after in pairwise(shown))
    assert 1 <= len(announced) <= 1 + rests  # a busy machine may stand still while one draws


@pytest.mark.parametrize("control", ["file", "photo"])
def test_given_picture_is_shown_where_one_draws(control: str, page: Page) -> None:
    """A chosen picture or a photo lies on the drawing area, and makes way for the next stroke."""
    page.locator(f"#{control}").set_input_files("docs/images/seven.png")
    expect(page.locator("#digit")).to_have_text("7")
    expect(page.locator("#pad-hint")).to_be_hidden()
    assert page.evaluate(INK) > 1000

    draw_digit(page, 1)

    expect(page.locator("#digit")).to_have_text("1")
    assert page.evaluate(GREY_AT, [0.3, 0.2]) == 255
