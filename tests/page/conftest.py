"""A browser, and a page in it that must neither complain on its console nor break its policy."""

import shutil
from collections.abc import Generator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.integration.conftest import running_service

PATIENCE_MS = 60_000  # other programs may keep the machine busy
CHROMIUM = shutil.which("chromium")
# What the page collects of broken policies, before any of its scripts runs.
NOTE_VIOLATIONS = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));
"""


@dataclass
class Complaints:
    """What a page complained about.

    Attributes:
        console: Errors on its console, and exceptions.
        is_failure_expected: Whether a test made requests fail, which the console tells.
    """

    console: list[str] = field(default_factory=list)
    is_failure_expected: bool = False


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
    """What the page of the test complains about."""
    return Complaints()


@pytest.fixture
def context(browser: Browser) -> Generator[BrowserContext]:
    """A fresh window: English, light, 1280 pixels wide."""
    context = browser.new_context(
        locale="en-GB", color_scheme="light", viewport={"width": 1280, "height": 900}
    )
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(NOTE_VIOLATIONS)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, address: str, complaints: Complaints) -> Generator[Page]:
    """The page, opened; at the end it has neither complained nor broken its policy."""
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.console.append(str(error)))
    page.on(
        "console",
        lambda message: (
            complaints.console.append(message.text) if message.type == "error" else None
        ),
    )
    page.goto(address)
    yield page
    assert page.evaluate("window.violations") == []
    if not complaints.is_failure_expected:
        assert complaints.console == []
