"""Tests of looking inside: the numbers on the page are NumPy's."""

import re
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import OpenPage
from training.worked_examples import (
    CONVOLUTION_FILTER,
    CONVOLUTION_IMAGE,
    POOL_IMAGE,
    convolve_same,
    max_pool,
)

BRIGHTNESS = """
document.getElementById("slide-output").getContext("2d").getImageData(0, 0, 280, 280).data
    .reduce((sum, value, at) => at % 4 === 2 ? sum + value : sum, 0)
"""


NOTE_THIRD_ROW = f"""
() => {{
  window.early = new Promise((resolve) => {{
    const sum = document.getElementById("slide-sum");
    new MutationObserver(() => sum.textContent.includes("Row 3,") && resolve({BRIGHTNESS})).observe(
      sum, {{childList: true, characterData: true, subtree: true}});
    setTimeout(resolve, 30000, Infinity);
  }});
}}
"""


def _open_inside(page: Page, model: str = "textbook") -> list[dict[str, Any]]:
    """Open the view, have a seven drawn, and return the layers that the service tells of."""
    page.locator("#tab-inside").click()
    with page.expect_response("**/explain*") as answered:
        page.locator("#sample").click()
    expect(page.locator("#slide-input")).to_be_visible()
    if model != "textbook":
        with page.expect_response("**/explain*") as answered:
            page.locator("#inside-model").select_option(model)
        expect(page.locator("#inside-verdict")).to_contain_text(f"{model} reads")
    layers: list[dict[str, Any]] = answered.value.json()["layers"]
    return layers


def _go_to(page: Page, row: int, column: int) -> None:
    """Move the window by keyboard; the place as the page counts from 0, or the last there is."""
    page.locator("#slide-input").focus()
    for key, count in (
        ("ArrowUp", 28),
        ("ArrowLeft", 28),
        ("ArrowDown", row),
        ("ArrowRight", column),
    ):
        for _ in range(count):
            page.keyboard.press(key)


def _read_sum(page: Page) -> list[float]:
    """Read the numbers of the sum."""
    words = page.locator("#slide-sum").inner_text()
    return [float(it) for it in re.findall(r"-?\d+\.\d+", words)]


def _read_cells(page: Page, place: str) -> list[float]:
    """Read the numbers of a window."""
    return [float(it) for it in page.locator(f"#{place} span").all_inner_texts()]


def _final_brightness(page: Page) -> float:
    """Stop the sliding, which shows the whole map, and measure it."""
    page.locator("#play").click()
    expect(page.locator("#play")).to_have_text("Let it slide")
    return float(page.evaluate(BRIGHTNESS))


def _numbers(page: Page, lesson: str) -> list[float]:
    """Read the numbers of a lesson's result."""
    return [float(it) for it in page.locator(f"#{lesson} .grid button").all_inner_texts()]


class TestLessons:
    """The chapter's worked examples."""

    def test_results(self, page: Page) -> None:
        """Both results are those of the chapter's arithmetic."""
        page.locator("#tab-inside").click()

        convolved = convolve_same(CONVOLUTION_IMAGE, CONVOLUTION_FILTER).ravel().tolist()
        assert _numbers(page, "lesson-convolution") == convolved
        assert _numbers(page, "lesson-pool") == max_pool(POOL_IMAGE).ravel().tolist()

    def test_product(self, page: Page) -> None:
        """The first product is the chapter's, which gives 7; another place gives its own."""
        page.locator("#tab-inside").click()
        total = page.locator("#lesson-convolution-sum")
        expect(total).to_have_text(
            "(0×0) + (0×1) + (0×0) + (0×1) + (1×1) + (2×1) + (0×0) + (4×1) + (5×0) = 7"
        )

        page.locator("#lesson-convolution .grid button").nth(8).click()

        expect(total).to_contain_text("= 25")


@pytest.mark.parametrize(("value", "words"), [(-0.004, "0.00"), (-0.006, "-0.01"), (1.5, "1.50")])
def test_nothing_has_no_sign(value: float, words: str, page: Page) -> None:
    """A number that rounds to nothing is written without a sign."""
    script = "value => import('/static/i18n.js').then(it => it.fixed(value, 2))"

    assert page.evaluate(script, value) == words


class TestOwnDigit:
    """The person's own digit."""

    def test_nothing_yet(self, page: Page) -> None:
        """Without a picture the page says what to do, and a press draws a seven to look into."""
        page.locator("#tab-inside").click()
        expect(page.locator("#inside-verdict")).to_contain_text("Draw a digit first")

        page.locator("#sample").click()

        expect(page.locator("#inside-verdict")).to_contain_text("textbook reads 7")
        expect(page.locator("#sample")).to_be_hidden()
        page.locator("#tab-recognise").click()
        expect(page.locator("#digit")).to_have_text("7")

    def test_before_its_answer(self, page: Page) -> None:
        """A picture whose answer is still on its way is explained already."""
        page.route("**/predict*", lambda _: None)
        page.locator("#file").set_input_files("docs/images/seven.png")

        page.locator("#tab-inside").click()

        expect(page.locator("#inside-verdict")).to_contain_text("reads 7")
        page.unroute_all(behavior="ignoreErrors")

    @pytest.mark.parametrize(("model", "num_maps"), [("textbook", 16), ("digits", 32)])
    def test_layers(self, model: str, num_maps: int, page: Page) -> None:
        """The layers are the network's own, with as many maps, each said in a sentence; the chapter's come first."""
        _open_inside(page)
        expect(page.locator("#inside-verdict")).to_contain_text("textbook reads 7")

        page.locator("#inside-model").select_option(model)

        expect(page.locator("#inside-verdict")).to_contain_text(f"{model} reads 7")
        second = page.locator("#layers > li").nth(1)
        expect(second.locator("h4")).to_contain_text("convolution_1")
        expect(second.locator("canvas")).to_have_count(num_maps)
        expect(page.locator("#saliency canvas")).to_have_count(2)
        sentences = page.locator("#layers > li > p:nth-child(2)").all_inner_texts()
        assert [words for words in sentences if not words.endswith(".")] == []

    @pytest.mark.parametrize("model", ["textbook", "digits"])
    def test_outputs(self, model: str, page: Page) -> None:
        """Every output has its digit and the network's own number, and the bars go to either side of 0."""
        layers = _open_inside(page, model)
        logits, probabilities = (
            next(np.array(it["activations"]) for it in layers if it["name"] == name)
            for name in ("dense_2" if model == "textbook" else "dense_1", "softmax_1")
        )

        items = page.locator("#layers > li", has_text="A number for each class").locator("ol li")
        shown = [float(it) for it in items.locator(".value").all_inner_texts()]
        names = items.locator(".name").all_inner_texts()
        minus = items.locator(".fill.minus")

        np.testing.assert_allclose(shown, logits, atol=0.0051)
        assert names == [*map(str, range(10)), *(["none"] if model == "digits" else [])]
        assert minus.count() == (logits < 0).sum()
        exponentials = np.exp(logits - logits.max())
        np.testing.assert_allclose(exponentials / exponentials.sum(), probabilities, atol=1e-4)
        expect(page.locator("#layers")).to_contain_text(f"For 7: e^{logits.max():.2f} ÷ the sum")

    def test_sliding_window(self, page: Page) -> None:
        """Sum, bias and value under the pointer are those of NumPy, at every kind of place."""
        layers = _open_inside(page)
        digit = np.array(layers[0]["activations"])[..., 0]
        kernel, bias = np.array(layers[1]["kernel"])[..., 0, :], np.array(layers[1]["bias"])

        for row, column, name in ((0, 0, 3), (13, 14, 3), (27, 27, 7)):
            page.locator("#filter").select_option(index=name)
            _go_to(page, row, column)
            total = convolve_same(digit, kernel[..., name])[row, column]
            expected = [total, bias[name], total + bias[name], max(total + bias[name], 0)]
            np.testing.assert_allclose(_read_sum(page), expected, atol=0.002)
        weights = _read_cells(page, "slide-weights")
        np.testing.assert_allclose(weights, kernel[..., 7].ravel() * 255, atol=0.0051)

    def test_window_of_many_maps(self, page: Page) -> None:
        """In the second convolution each input map adds its share, and all of them are the sum."""
        layers = _open_inside(page)
        before, layer = np.array(layers[2]["activations"]), layers[3]
        kernel, bias = np.array(layer["kernel"])[..., 9], layer["bias"][9]
        page.locator("#slide-layer").select_option("convolution_2")
        page.locator("#filter").select_option(index=9)
        _go_to(page, 6, 7)

        window = np.pad(before, ((2, 2), (2, 2), (0, 0)))[6:11, 7:12]
        shares = (window * kernel).sum(axis=(0, 1))
        total = shares.sum()
        value = layer["activations"][6][7][9]
        np.testing.assert_allclose(_read_sum(page), [total, bias, total + bias, value], atol=0.002)
        strongest = int(np.abs(shares).argmax())
        page.locator("#shares button").nth(strongest).click()
        expect(page.locator("#shares")).to_contain_text(f"adds {shares[strongest]:.3f}")
        products = (window * kernel)[..., strongest].ravel()
        np.testing.assert_allclose(_read_cells(page, "slide-products"), products, atol=0.0051)

    @pytest.mark.parametrize("model", ["textbook", "digits"])
    def test_window_of_every_layer(self, model: str, page: Page) -> None:
        """Whatever the layer, its window's numbers make the value that the network has there."""
        _open_inside(page, model)
        choice = page.locator("#slide-layer")

        for name in choice.locator("option").all_inner_texts():
            choice.select_option(name)
            _go_to(page, 1, 2)
            numbers = _read_sum(page)
            if "pool" in name:
                assert numbers[-1] == max(numbers[:-1])
            else:
                total, value = numbers[-2:]
                assert value == pytest.approx(total if value < 0 else max(total, 0), abs=0.003)

    def test_slides_by_itself(self, page: Page) -> None:
        """The window slides until it is stopped, and the map appears as it is made."""
        _open_inside(page)

        page.evaluate(NOTE_THIRD_ROW)
        page.locator("#play").click()

        assert page.evaluate("window.early") < 0.5 * _final_brightness(page)

    def test_steps_for_those_who_want_no_motion(self, open_page: OpenPage) -> None:
        """With reduced motion the button goes one place on, and nothing moves by itself."""
        page = open_page(reduced_motion="reduce")
        _open_inside(page)
        _go_to(page, 5, 5)

        page.locator("#play").click()
        page.wait_for_timeout(200)

        expect(page.locator("#play")).to_have_text("Next place")
        expect(page.locator("#slide-sum")).to_contain_text("Row 6, column 7:")

    def test_enlarge(self, page: Page) -> None:
        """A map opens large with its scale and the value at the pointer, and the escape key closes it."""
        layers = _open_inside(page)
        page.locator("#layers .maps button").nth(3).click()
        expect(page.locator("#enlarged-title")).to_have_text("convolution_1, map 3")

        page.locator("#enlarged-body canvas").first.focus()
        for key in ["ArrowDown"] * 9 + ["ArrowRight"] * 13:
            page.keyboard.press(key)

        maps = np.array(layers[1]["activations"])
        words = f"Row 10, column 14: {maps[9, 13, 2]:.3f}"
        expect(page.locator("#enlarged-body [role=status]")).to_have_text(words)
        expect(page.locator("#enlarged-body .scale")).to_contain_text(f"{maps.max():.2f}")
        page.keyboard.press("Escape")
        expect(page.locator("#enlarged")).to_be_hidden()

    def test_enlarge_numbers(self, page: Page) -> None:
        """A row of many numbers opens as a square, each with its value."""
        layers = _open_inside(page)
        flat = np.array(layers[5]["activations"])

        page.get_by_role("button", name="flatten_1: 1,764 numbers").click()
        page.locator("#enlarged-body canvas").first.focus()
        for _ in range(7):
            page.keyboard.press("ArrowDown")

        words = f"Row 8, column 1: {flat[7 * 42]:.3f}"
        expect(page.locator("#enlarged-body [role=status]")).to_have_text(words)
