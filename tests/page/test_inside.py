"""Tests of looking inside: the numbers on the page are NumPy's."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.page.strokes import draw_digit
from training.worked_examples import (
    CONVOLUTION_FILTER,
    CONVOLUTION_IMAGE,
    POOL_IMAGE,
    convolve_same,
    max_pool,
)


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
        """Without a picture the page says what to do."""
        page.locator("#tab-inside").click()

        expect(page.locator("#inside-verdict")).to_contain_text("Draw a digit first")

    @pytest.mark.parametrize(("model", "num_maps"), [("textbook", 16), ("digits", 32)])
    def test_layers(self, model: str, num_maps: int, page: Page) -> None:
        """The layers are the network's own, with as many maps; the chapter's come first."""
        draw_digit(page, 7)
        expect(page.locator("#digit")).to_have_text("7")
        page.locator("#tab-inside").click()
        expect(page.locator("#inside-verdict")).to_contain_text("textbook reads 7")

        page.locator("#inside-model").select_option(model)

        expect(page.locator("#inside-verdict")).to_contain_text(f"{model} reads 7")
        second = page.locator("#layers li").nth(1)
        expect(second.locator("h4")).to_have_text("convolution_1")
        expect(second.locator("canvas")).to_have_count(num_maps)
        expect(page.locator("#saliency canvas")).to_have_count(2)

    def test_sliding_window(self, page: Page) -> None:
        """Sum, bias and value under the pointer are those of NumPy, at every kind of place."""
        draw_digit(page, 7)
        expect(page.locator("#digit")).to_have_text("7")
        with page.expect_response("**/explain*") as answered:
            page.locator("#tab-inside").click()
        layers = answered.value.json()["layers"]
        digit = np.array(layers[0]["activations"])[..., 0]
        kernel, bias = np.array(layers[1]["kernel"])[..., 0, :], np.array(layers[1]["bias"])
        canvas = page.locator("#slide-input")
        expect(canvas).to_be_visible()

        for row, column, name in ((0, 0, 3), (13, 14, 3), (27, 27, 7)):
            page.locator("#filter").select_option(index=name)
            canvas.focus()
            for key, count in (("ArrowUp", 28), ("ArrowLeft", 28)):
                for _ in range(count):
                    page.keyboard.press(key)
            for key, count in (("ArrowDown", row), ("ArrowRight", column)):
                for _ in range(count):
                    page.keyboard.press(key)
            total = convolve_same(digit, kernel[..., name])[row, column]
            expected = [total, bias[name], total + bias[name], max(total + bias[name], 0)]
            words = page.locator("#slide-sum").inner_text()
            found = [float(it) for it in re.findall(r"-?\d+\.\d+", words)]
            np.testing.assert_allclose(found, expected, atol=0.002)

    def test_enlarge(self, page: Page) -> None:
        """A map opens large, and the escape key closes it."""
        draw_digit(page, 7)
        expect(page.locator("#digit")).to_have_text("7")
        page.locator("#tab-inside").click()
        page.locator("#layers .maps button").nth(3).click()
        expect(page.locator("#enlarged-title")).to_have_text("convolution_1, map 3")

        page.keyboard.press("Escape")

        expect(page.locator("#enlarged")).to_be_hidden()
