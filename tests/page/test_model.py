"""Tests of what the page tells of a model."""

import csv
import io
import json
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from service.bundle import MANIFEST, REPORT
from tests.bundles import MODELS
from tests.integration.conftest import running_service
from tests.page.conftest import Complaints, OpenPage

KEY = "a-key-of-twenty-letters"


def _open(page: Page, model: str = "digits") -> None:
    """Open the view, and wait until it tells of a model."""
    page.locator("#tab-model").click()
    page.locator("#about-model").select_option(model)
    expect(page.locator("#about-facts")).to_contain_text(f"{model} / 1")


@pytest.mark.parametrize("model", ["digits", "textbook"])
def test_manifest(model: str, page: Page) -> None:
    """Facts, results, data and libraries are those of the bundle's manifest."""
    manifest = json.loads((MODELS / model / "1" / MANIFEST).read_text())

    _open(page, model)

    facts, results = page.locator("#about-facts"), page.locator("#about-results")
    expect(facts).to_contain_text(f"{manifest['parameters']:,}")
    expect(facts).to_contain_text(manifest["recipe"])
    expect(results).to_contain_text(f"{manifest['metrics']['test']['accuracy']:.2%}")
    expect(page.locator("#about-libraries")).to_contain_text(manifest["libraries"]["tensorflow"])
    for md5 in manifest["data"].values():
        expect(page.locator("#about-data")).to_contain_text(md5)


def test_curves(page: Page) -> None:
    """The training is drawn, a curve for each score and split, and told in numbers."""
    history = (MODELS / "digits/1" / REPORT / "history.csv").read_text()
    last = list(csv.DictReader(io.StringIO(history)))[-1]

    _open(page)

    expect(page.locator("#about-curves polyline")).to_have_count(4)
    row = page.locator("#about-history tbody tr").last
    shown = [f"{float(last[it]):.2%}" for it in ("accuracy", "val_accuracy")]
    shown += [f"{float(last[it]):.4f}" for it in ("loss", "val_loss")]
    assert row.locator("td").all_text_contents() == shown


def test_pictures(page: Page) -> None:
    """Every picture of the report is loaded, and opens large."""
    _open(page, "textbook")

    pictures = page.locator("#about-pictures img")
    expect(pictures).to_have_count(8)
    for picture in pictures.all():
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("image => image.naturalWidth") > 100
    page.get_by_role("button", name="Enlarge: Mistakes on the test digits").click()
    expect(page.locator("#enlarged img")).to_be_visible()


def test_key(open_page: OpenPage, tmp_path: Path, complaints: Complaints) -> None:
    """Where a key is asked for, the pictures come with the one that the person gave."""
    complaints.expected += ["status of 401", "net::ERR_"]  # the service ends before the page
    with running_service(tmp_path, API_KEYS=KEY) as client:
        page = open_page(f"{client.base_url}#model")
        page.locator("#key").fill(KEY)
        page.locator("#key-form button").click()

        expect(page.locator("#about-pictures img")).to_have_count(9)


@pytest.mark.parametrize(("locale", "theme"), [("en-GB", "light"), ("zh-TW", "dark")])
def test_accessible(locale: str, theme: str, open_page: OpenPage) -> None:
    """axe-core finds nothing to complain about, and nothing sticks out at 320 pixels."""
    page = open_page(locale=locale, color_scheme=theme)
    _open(page)
    expect(page.locator("#about-pictures img")).to_have_count(9)
    page.locator("#about-history summary").click()

    violations = Axe().run(page).response["violations"]
    page.set_viewport_size({"width": 320, "height": 640})
    width = page.evaluate("document.documentElement.scrollWidth")

    assert [(it["id"], [node["html"] for node in it["nodes"]][:3]) for it in violations] == []
    assert width <= 320
