"""Tests of scoring a model on the page."""

import base64
import csv
import io
import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from service.bundle import Bundle
from service.preprocessing import PREPROCESSING_VERSION
from tests.integration.conftest import ROOT
from tests.page.conftest import Complaints, OpenPage
from tests.page.views import score_own

MIN_DIGITS_OF_A_CELL = 800  # on the diagonal, of the test digits
PAGE = 60  # digits of a cell that are shown at a time
NOTE_PROGRESS = """
window.progress = [];
const status = document.getElementById("evaluate-status");
new MutationObserver(() => progress.push(status.textContent)).observe(
  status, {childList: true, characterData: true, subtree: true});
"""


def _download(page: Page, kind: str) -> Path:
    """Save the result as a file of that kind."""
    with page.expect_download() as saved:
        page.locator(f"#download-{kind}").click()
    return Path(saved.value.path())


def _read_rows(page: Page) -> list[dict[str, str]]:
    """Read the rows of the CSV."""
    return list(csv.DictReader(io.StringIO(_download(page, "csv").read_text())))


def _read_shares(cells: Locator) -> list[float]:
    """Read shares that are written as per cent."""
    return [float(words.strip().removesuffix("%")) / 100 for words in cells.all_inner_texts()]


def _read_pictures(figures: Locator) -> npt.NDArray[np.uint8]:
    """Decode the pictures of digits: uint8 [N, 28, 28]."""
    urls = figures.locator("img").evaluate_all("images => images.map(it => it.src)")
    contents = [base64.b64decode(url.removeprefix("data:image/png;base64,")) for url in urls]
    return np.stack([np.asarray(Image.open(io.BytesIO(it)).convert("L")) for it in contents])


def _complaints(page: Page) -> Sequence[object]:
    """Say what axe-core finds to complain about."""
    violations = Axe().run(page).response["violations"]
    return [(it["id"], [node["html"] for node in it["nodes"]][:3]) for it in violations]


@pytest.fixture(autouse=True)
def may_be_busy(complaints: Complaints) -> None:
    """The service scores one model at a time: 503 while a run that another test gave up comes to its end."""
    complaints.expected.append("status of 503")


class TestEvaluate:
    """The view."""

    def test_own_pictures(self, page: Page) -> None:
        """A zip is scored; the cell of its mistake opens the digit, by the name of its file."""
        score_own(page)

        expect(page.locator("#scores")).to_contain_text("66.67%")
        expect(page.locator("#rejected")).to_contain_text("left out: 1. The first is 3/broken.png")
        page.get_by_role("button", name="2 read as 7: 1").click()
        figures = page.locator("#enlarged .mistakes figure")
        expect(figures).to_have_count(1)
        expect(figures).to_contain_text("2/b,c.png")

    def test_test_digits(self, page: Page) -> None:
        """The model's own digits are scored with progress; every number and picture is NumPy's."""
        digits = Bundle.read(
            ROOT / "models" / "digits" / "1", preprocessing_version=PREPROCESSING_VERSION
        ).evaluation_set()
        page.locator("#tab-evaluate").click()
        page.evaluate(NOTE_PROGRESS)
        page.locator("#evaluate-run").click()
        expect(page.locator("#scores")).to_be_visible()
        expect(page.locator("#mistakes figure")).to_have_count(20)

        assert any("of 10,000 digits" in words for words in page.evaluate("progress"))
        rows = _read_rows(page)
        labels, predicted = (
            np.array([int(it[key]) for it in rows]) for key in ("label", "predicted")
        )
        expect(page.locator("#scores")).to_contain_text(f"{(labels == predicted).mean():.2%}")
        np.testing.assert_array_equal(labels, digits.labels)
        self._check_classes(page, labels, predicted)
        self._check_reliability(page, rows, labels == predicted)
        self._check_cell(page, digits.images, np.flatnonzero((labels == 5) & (predicted == 5)))

    def _check_classes(
        self, page: Page, labels: npt.NDArray[np.int64], predicted: npt.NDArray[np.int64]
    ) -> None:
        """Precision and recall of every digit are NumPy's, to the digit that is shown."""
        found = np.array(_read_shares(page.locator("#classes td:not(.support)"))).reshape(10, 3)
        for digit in range(10):
            is_right = (labels == digit) & (predicted == digit)
            precision = is_right.sum() / (predicted == digit).sum()
            recall = is_right.sum() / (labels == digit).sum()
            f1 = 2 * precision * recall / (precision + recall)
            np.testing.assert_allclose(found[digit], [precision, recall, f1], atol=0.00051)

    def _check_reliability(
        self, page: Page, rows: list[dict[str, str]], is_right: npt.NDArray[np.bool_]
    ) -> None:
        """The diagram's table has NumPy's counts, mean confidences and accuracies."""
        confidences = np.array([float(row["confidence"]) for row in rows])
        page.locator("#reliability summary").click()
        for at, row in enumerate(page.locator("#reliability tbody tr").all()):
            is_in = (confidences > at / 15) & (confidences <= (at + 1) / 15)
            count, mean, accuracy = row.locator("td").all_inner_texts()
            assert int(count.replace(",", "")) == is_in.sum()
            if is_in.any():
                expected = [confidences[is_in].mean(), is_right[is_in].mean()]
                found = [float(it.removesuffix("%")) / 100 for it in (mean, accuracy)]
                np.testing.assert_allclose(found, expected, atol=0.000051)

    def _check_cell(
        self, page: Page, images: npt.NDArray[np.uint8], places: npt.NDArray[np.intp]
    ) -> None:
        """A cell opens all its digits, page by page, each with its own picture."""
        assert len(places) > MIN_DIGITS_OF_A_CELL
        page.get_by_role("button", name=f"5 read as 5: {len(places)}").click()
        figures = page.locator("#enlarged .mistakes figure")
        more = page.locator("#enlarged-body > button")
        for shown in range(PAGE, len(places), PAGE):
            expect(figures).to_have_count(shown)
            more.click()
        expect(figures).to_have_count(len(places))
        expect(more).to_be_hidden()
        words = " ".join(figures.locator("figcaption").all_inner_texts())
        names = [int(it) for it in re.findall(r"#(\d+)", words)]
        assert sorted(names) == places.tolist()
        np.testing.assert_array_equal(_read_pictures(figures), images[names])

    def test_cancel(self, page: Page) -> None:
        """A run that takes too long is given up."""
        page.route("**/evaluate*", lambda _: None)  # it takes for ever
        page.locator("#tab-evaluate").click()
        page.locator("#evaluate-run").click()
        page.locator("#evaluate-cancel").click()

        expect(page.locator("#evaluate-status")).to_have_text("Cancelled.")
        expect(page.locator("#evaluate-result")).to_be_hidden()
        page.unroute_all(behavior="ignoreErrors")

    def test_whose_scores(self, page: Page) -> None:
        """The scores name their model and their data, also once another model is chosen."""
        score_own(page)
        expect(page.locator("#scores-title")).to_have_text("Evaluation of digits 1 · own.zip")

        page.locator("#evaluate-model").select_option("textbook")

        words = "Below are still the scores of digits, not of textbook."
        expect(page.locator("#evaluate-status")).to_have_text(words)
        expect(page.locator("#scores-title")).to_contain_text("digits 1")
        page.locator("#evaluate-model").select_option("digits")
        expect(page.locator("#evaluate-status")).to_have_text("")

    def test_another_language(self, page: Page) -> None:
        """The scores are told anew in the language that is chosen."""
        score_own(page)

        page.locator("#language").click()

        expect(page.locator("#scores")).to_contain_text("準確率66.67%")
        expect(page.get_by_role("button", name="2 被看成 7")).to_be_visible()

    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize("locale", ["en-GB", "zh-TW"])
    def test_accessible(self, locale: str, theme: str, open_page: OpenPage) -> None:
        """axe-core finds nothing to complain about, with a cell open too, and nothing sticks out at 320 pixels."""
        page = open_page(locale=locale, color_scheme=theme)
        score_own(page)

        page.locator("#reliability summary").click()
        of_view = _complaints(page)
        page.set_viewport_size({"width": 320, "height": 640})
        width = page.evaluate("document.documentElement.scrollWidth")
        page.locator("#matrix button").first.click()
        expect(page.locator("#enlarged figure")).to_have_count(1)
        of_cell = _complaints(page)

        assert (of_view, of_cell) == ([], [])
        assert width <= 320


class TestDownload:
    """The result as a file."""

    def test_json(self, page: Page) -> None:
        """JSON is what the service gave."""
        score_own(page)

        result = json.loads(_download(page, "json").read_text())

        assert (result["n"], result["detail"]["labels"]) == (3, [7, 2, 1])

    def test_csv(self, page: Page) -> None:
        """CSV has a row for every digit, and quotes what would break one."""
        score_own(page)

        rows = _read_rows(page)

        assert [(row["index"], row["name"], row["label"], row["predicted"]) for row in rows] == [
            ("0", "7/a.png", "7", "7"),
            ("1", "2/b,c.png", "2", "7"),
            ("2", "1/c.png", "1", "1"),
        ]

    @pytest.mark.parametrize(
        ("locale", "title"), [("en-GB", "Evaluation of digits 1"), ("zh-TW", "digits 1 的評估")]
    )
    def test_report(self, locale: str, title: str, open_page: OpenPage, tmp_path: Path) -> None:
        """The report opens from disk, asks for nothing, links each mistake to its picture, and is accessible."""
        page = open_page(locale=locale)
        score_own(page)
        report = tmp_path / "report.html"
        report.write_bytes(_download(page, "report").read_bytes())
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(report.as_uri())

        expect(page.locator("h1")).to_have_text(title)
        expect(page.locator("main")).to_contain_text("66.67%")
        expect(page.locator("main > p")).to_contain_text("own.zip")
        expect(page.locator("main li")).to_contain_text("3/broken.png")
        page.locator(".matrix a", has_text="1").click()
        picture = page.locator(":target img")
        is_drawn = picture.evaluate("image => image.complete && image.naturalWidth === 28")
        complaints = _complaints(page)
        page.set_viewport_size({"width": 320, "height": 640})
        width = page.evaluate("document.documentElement.scrollWidth")

        assert is_drawn
        assert [url for url in asked if not url.startswith("data:")] == [report.as_uri()]
        assert complaints == []
        assert width <= 320
