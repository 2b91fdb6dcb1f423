"""Tests of what the page does while the service is away, overloaded, or asks for a key: it says so, and asks again."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.integration.conftest import free_port, running_process
from tests.page.conftest import Complaints, OpenPage
from tests.page.strokes import draw_digit
from tests.page.views import labelled_zip

KEY = "a-key-of-twenty-letters"
PATHS = {"recognise": "predict", "inside": "explain", "evaluate": "evaluate", "model": "model"}


def _ask_recognise(page: Page) -> None:
    draw_digit(page, 4)


def _ask_inside(page: Page) -> None:
    page.locator("#tab-inside").click()


def _ask_evaluate(page: Page) -> None:
    page.locator("#tab-evaluate").click()
    file = {"name": "own.zip", "mimeType": "application/zip", "buffer": labelled_zip()}
    page.locator("#evaluate-file").set_input_files(file)  # type: ignore[arg-type]  # a FilePayload


def _ask_model(page: Page) -> None:
    page.locator("#tab-model").click()


ASKS: dict[str, Callable[[Page], None]] = {
    "recognise": _ask_recognise,
    "inside": _ask_inside,
    "evaluate": _ask_evaluate,
    "model": _ask_model,
}
# Where a view says that there is no answer yet, and what it shows once there is one.
STATES = {
    "recognise": ("#status", "No answer yet", "#status", "It is a 4"),
    "inside": ("#inside-verdict", "No answer yet", "#inside-verdict", "reads 7"),
    "evaluate": ("#evaluate-status", "No answer yet", "#evaluate-status", "66.7% right"),
    "model": ("#notice", "does not answer", "#about-facts", "digits / 1"),
}


class Service:
    """A service that goes away and comes back, always at the same address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._running: AbstractContextManager[object] | None = None

    def start(self, **settings: str) -> None:
        """Start it, and wait until it is ready."""
        self._running = running_process(self.folder, port=self.port, **settings)
        self._running.__enter__()

    def stop(self) -> None:
        """Stop it, if it runs."""
        if self._running is not None:
            self._running.__exit__(None, None, None)
        self._running = None


@pytest.fixture
def service(tmp_path: Path) -> Generator[Service]:
    """A service that runs, for now."""
    service = Service(tmp_path)
    service.start()
    yield service
    service.stop()


@pytest.mark.parametrize("view", ASKS)
def test_away_and_back(
    view: str, service: Service, open_page: OpenPage, complaints: Complaints
) -> None:
    """While the service is stopped each view says that there is no answer yet; once it runs again there is."""
    complaints.expected.append("net::ERR_")
    page = open_page(service.url)
    draw_digit(page, 7)
    expect(page.locator("#digit")).to_have_text("7")
    page.locator("#clear").click()
    if view == "inside":
        draw_digit(page, 7)
        expect(page.locator("#digit")).to_have_text("7")
    place, waiting, answer, words = STATES[view]

    service.stop()
    ASKS[view](page)

    expect(page.locator("#notice")).to_contain_text("tried again until it does")
    expect(page.locator(place)).to_contain_text(waiting)
    service.start()
    expect(page.locator(answer)).to_contain_text(words)
    expect(page.locator("#notice")).to_be_hidden()


@pytest.mark.parametrize("view", ASKS)
def test_pauses_as_long_as_the_service_says(view: str, page: Page, complaints: Complaints) -> None:
    """After 429 with `Retry-After: 1` each view asks again by itself, but not before."""
    complaints.expected.append("status of 429")
    draw_digit(page, 7)
    expect(page.locator("#digit")).to_have_text("7")
    times: list[float] = []

    def refuse_once(route: Route) -> None:
        times.append(page.evaluate("performance.now()"))
        if len(times) == 1:
            route.fulfill(status=429, json={}, headers={"Retry-After": "1"})
        else:
            route.continue_()

    page.route(f"**/{PATHS[view]}?*", refuse_once)
    ASKS[view](page)

    expect(page.locator("#notice")).to_contain_text("asked again in 1 s")
    expect(page.locator("#notice")).to_be_hidden()
    page.unroute_all(behavior="wait")
    assert times[1] - times[0] >= 900


def test_answer_of_an_earlier_picture_is_dimmed(page: Page, complaints: Complaints) -> None:
    """A seven that stays on the page while a four is not answered is neither green nor said to be sure."""
    complaints.expected.append("net::ERR_FAILED")
    draw_digit(page, 7)
    expect(page.locator("#status")).to_contain_text("It is a 7")

    page.route("**/predict*", lambda route: route.abort())
    draw_digit(page, 4)

    expect(page.locator("#status")).to_have_text("No answer yet for this picture.")
    expect(page.locator("#glance")).to_have_attribute("data-stale", "")
    assert page.locator("#digit").evaluate("it => getComputedStyle(it).filter") == "grayscale(1)"
    page.unroute_all(behavior="wait")
    page.locator("#clear").click()
    draw_digit(page, 4)
    expect(page.locator("#status")).to_contain_text("It is a 4")
    expect(page.locator("[data-stale]")).to_have_count(0)


def test_key_repeats_all_that_waits(
    tmp_path: Path, open_page: OpenPage, complaints: Complaints
) -> None:
    """A key that is given in one view is what the others have waited for too."""
    complaints.expected += ["status of 401", "net::ERR_"]  # the service ends before the page
    service = Service(tmp_path)
    service.start(API_KEYS=KEY)
    page = open_page(service.url)
    for view in ("recognise", "inside", "evaluate"):
        ASKS[view](page)

    page.locator("#key").fill(KEY)
    page.locator("#key-form button").click()

    for view in ("recognise", "evaluate"):
        _, _, answer, words = STATES[view]
        expect(page.locator(answer)).to_contain_text(words)
    expect(page.locator("#inside-verdict")).to_contain_text("reads 4")
    service.stop()


def test_cancel_ends_the_waiting(page: Page, complaints: Complaints) -> None:
    """An evaluation that waits for the service can be given up."""
    complaints.expected.append("net::ERR_FAILED")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.route("**/evaluate*", lambda route: route.abort())
    ASKS["evaluate"](page)
    expect(page.locator("#evaluate-status")).to_contain_text("No answer yet")

    page.locator("#evaluate-cancel").click()

    expect(page.locator("#evaluate-status")).to_have_text("Cancelled.")
    expect(page.locator("#notice")).to_be_hidden()
    before = len(asked)
    page.wait_for_timeout(2500)
    assert len(asked) == before
