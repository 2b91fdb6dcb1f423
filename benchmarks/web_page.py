"""The web page in Chromium: first paint, bytes, and how long drawing keeps it busy.

    running service -> Chromium, a fresh window for each round -> figures -> table in docs/page.md

`python -m benchmarks.web_page URL`, in the environment of `make test`, which has Playwright.
"""

import itertools
import statistics
import sys
from dataclasses import asdict, dataclass

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.catalogue import ROOT
from benchmarks.machine import describe_machine, today
from benchmarks.tables import spread, table

PAGE = ROOT / "docs" / "page.md"
BEGIN, END = "<!-- figures of benchmarks.web_page -->\n", "<!-- end of the figures -->\n"
ROUNDS = 5
CHROMIUM = "/usr/bin/chromium"
# A seven, in shares of the drawing area, as a hand draws it: 120 moves in about two seconds.
CORNERS = ((0.28, 0.2), (0.72, 0.18), (0.46, 0.86))
MOVES, MOVE_MS = 60, 16
SETTLED_MS = 500  # no request or drawing is under way any more
NOTE_LONG_TASKS = """
window.longTasks = [];
new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((task) => task.duration)))
    .observe({type: "longtask"});
"""
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
BYTES = """
[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .filter((entry) => entry.initiatorType !== 'fetch')
    .reduce((sum, entry) => sum + entry.transferSize, 0)
"""


@dataclass(frozen=True)
class Visit:
    """What one first visit took.

    Attributes:
        first_paint_ms: From the start of the navigation to the first contentful paint.
        sent_kb: Files of the page as they were sent, headers included, in 1000 bytes.
        long_tasks: Tasks of over 50 ms (W3C Long Tasks) while a digit was drawn and recognised.
        longest_ms: The longest of them; 0 if there was none.
        total_ms: All of them together.
    """

    first_paint_ms: float
    sent_kb: float
    long_tasks: int
    longest_ms: float
    total_ms: float


ROWS = {
    "first_paint_ms": "First contentful paint, ms",
    "sent_kb": "Files of the page at the first visit, kB",
    "long_tasks": "Tasks of over 50 ms while a digit is drawn",
    "longest_ms": "The longest of them, ms",
    "total_ms": "All of them together, ms",
}


def visit(browser: Browser, url: str) -> Visit:
    """Open the page in a fresh window, draw a seven on it, and tell what it took."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(NOTE_LONG_TASKS)
    page = context.new_page()
    page.goto(url, wait_until="networkidle")
    first_paint_ms, num_bytes = page.evaluate(FIRST_PAINT), page.evaluate(BYTES)
    page.evaluate("longTasks.length = 0")
    draw_seven(page)
    page.wait_for_timeout(SETTLED_MS)
    tasks: list[float] = page.evaluate("longTasks")
    context.close()
    return Visit(first_paint_ms, num_bytes / 1000, len(tasks), max(tasks, default=0.0), sum(tasks))


def draw_seven(page: Page) -> None:
    """Draw a seven with the mouse, at a hand's pace."""
    box = page.locator("#pad").bounding_box()
    if box is None:
        raise ValueError("The page has no drawing area. Give the URL of a digitserve service.")
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in CORNERS]
    page.mouse.move(*points[0])
    page.mouse.down()
    for (left, top), (right, bottom) in itertools.pairwise(points):
        for move in range(1, MOVES + 1):
            share = move / MOVES
            page.mouse.move(left + (right - left) * share, top + (bottom - top) * share)
            page.wait_for_timeout(MOVE_MS)
    page.mouse.up()


def write_figures(document: str, visits: list[Visit], setting: str) -> str:
    """Return the page's document with the figures of these visits in place of those before.

    Args:
        document: The text of docs/page.md, which has the two marks.
        visits: At least one.
        setting: Browser, machine and day.

    Raises:
        ValueError: If a mark is missing.
    """
    before, _, rest = document.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{PAGE} lacks {BEGIN.strip()} or {END.strip()}. Put them back.")
    columns = [asdict(it) for it in visits]
    rows = [[words, spread([it[name] for it in columns])] for name, words in ROWS.items()]
    figures = table([f"{len(visits)} first visits, {setting}", "median (least to largest)"], rows)
    return f"{before}{BEGIN}\n{figures}\n\n{END}{after}"


def main(url: str) -> None:
    """Measure the page of the service at a URL and write its figures."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        visit(browser, url)  # the service and the disk are warm then
        visits = [visit(browser, url) for _ in range(ROUNDS)]
        version = browser.version.partition(".")[0]
        browser.close()
    medians = statistics.median(it.first_paint_ms for it in visits)
    setting = f"Chromium {version}, {describe_machine()}, {today()}"
    document = write_figures(PAGE.read_text(encoding="utf-8"), visits, setting)
    PAGE.write_text(document, encoding="utf-8")
    print(f"Wrote {PAGE}: first paint after {medians:.0f} ms")


if __name__ == "__main__":
    main(sys.argv[1])
