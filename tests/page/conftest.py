"""A browser, and pages in it that must neither complain on their consoles nor break their policies."""

import shutil
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.integration.conftest import running_service

PATIENCE_MS = 60_000  # other programs may keep the machine busy
CHROMIUM = shutil.which("chromium")
# What a page collects of broken policies, before any of its scripts runs.
NOTE_VIOLATIONS = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));
"""
WINDOW: dict[str, Any] = {
    "locale": "en-GB",
    "color_scheme": "light",
    "viewport": {"width": 1280, "height": 900},
}


@dataclass
class Complaints:
    """What pages complained about.

    Attributes:
        console: Errors on their consoles, and exceptions.
        expected: Parts of errors that the test brings about, such as `status of 503`.
    """

    console: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def note(self, message: ConsoleMessage) -> None:
        """Keep an error of a console."""
        if message.type == "error":
            self.console.append(message.text)

    @property
    def unexpected(self) -> list[str]:
        """What nobody expected."""
        return [it for it in self.console if not any(part in it for part in self.expected)]


class OpenPage(Protocol):
    """Opens a page in a fresh window: English, light, 1280 pixels wide, unless options say otherwise."""

    def __call__(self, url: str | None = None, **options: Any) -> Page:
        """Open the page, or another one of the service by its address."""


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    """Chromium; its event loop must not outlive the module, for other tests run loops of their own."""
    if CHROMIUM is None:
        pytest.skip("There is no chromium here: apt-get install chromium fonts-noto-cjk")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        options = ["--no-sandbox"]  # containers give Chromium none of its own
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The address of a service."""
    with running_service(tmp_path_factory.mktemp("page")) as client:
        yield str(client.base_url)


@pytest.fixture
def complaints() -> Complaints:
    """What the pages of the test complain about."""
    return Complaints()


@pytest.fixture
def open_page(browser: Browser, address: str, complaints: Complaints) -> Generator[OpenPage]:
    """Opens pages; at the end none has complained of what was not expected, or broken its policy."""
    pages: list[Page] = []

    def open_one(url: str | None = None, **options: Any) -> Page:
        context = browser.new_context(**{**WINDOW, **options})
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(NOTE_VIOLATIONS)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.console.append(str(error)))
        page.on("console", complaints.note)
        page.goto(url or address)
        pages.append(page)
        return page

    yield open_one
    violations = [page.evaluate("window.violations") for page in pages]
    for page in pages:
        page.context.close()
    assert violations == [[]] * len(pages)
    assert complaints.unexpected == []


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """The page, opened."""
    return open_page()
