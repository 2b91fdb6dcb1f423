"""Tests of /docs: the viewer works under a policy that lets in nothing inline."""

from playwright.sync_api import expect

from tests.page.conftest import OpenPage


def test_try_an_operation(address: str, open_page: OpenPage) -> None:
    """An operation opens, is tried out and answered; the policy is kept, as every page's is."""
    page = open_page(f"{address}/docs")
    operation = page.locator(".opblock", has=page.locator("[data-path='/health']"))
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()

    operation.get_by_role("button", name="Execute").click()

    expect(operation.locator(".live-responses-table .response-col_status").last).to_contain_text(
        "200"
    )
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_all_operations_open(address: str, open_page: OpenPage) -> None:
    """Every operation opens without anything inline."""
    page = open_page(f"{address}/docs")
    summaries = page.locator(".opblock-summary-control")
    expect(summaries.first).to_be_visible()

    for summary in summaries.all():
        summary.click()

    expect(page.locator(".opblock-body")).to_have_count(summaries.count())
