"""Recorded digits, as the strokes of a pointer, and how to draw them on the page."""

from playwright.sync_api import Page

# Points in per cent of the drawing area, a list for each stroke.
STROKES: dict[int, list[list[tuple[int, int]]]] = {
    0: [[(50, 15), (32, 25), (27, 50), (33, 76), (50, 85), (68, 75), (73, 50), (67, 25), (50, 15)]],
    1: [[(52, 15), (50, 40), (49, 65), (48, 86)]],
    2: [[(30, 30), (42, 17), (60, 18), (68, 32), (58, 52), (40, 70), (29, 83), (50, 83), (72, 82)]],
    3: [
        [(32, 22), (50, 15), (66, 24), (62, 40), (46, 48), (64, 55), (69, 70), (56, 84), (32, 80)],
    ],
    4: [[(40, 16), (34, 38), (31, 54), (50, 54), (70, 53)], [(62, 18), (61, 50), (60, 86)]],
    5: [
        [(68, 17), (50, 17), (37, 18), (35, 44), (52, 42), (67, 54), (64, 75), (46, 85), (30, 78)],
    ],
    6: [
        [
            (62, 14),
            (48, 28),
            (38, 48),
            (36, 66),
            (44, 83),
            (58, 85),
            (66, 74),
            (62, 60),
            (48, 56),
            (37, 66),
        ],
    ],
    7: [[(28, 20), (50, 19), (72, 18), (62, 42), (53, 64), (46, 86)]],
    8: [
        [(62, 24), (50, 15), (38, 24), (42, 38), (56, 50), (66, 66), (60, 82), (46, 86)],
        [(46, 86), (35, 76), (40, 60), (54, 46), (64, 34), (62, 24)],
    ],
    9: [[(64, 26), (50, 16), (37, 26), (38, 42), (52, 48), (63, 38), (65, 24), (63, 52), (58, 86)]],
}


def draw_digit(page: Page, digit: int) -> None:
    """Draw a digit with the mouse."""
    box = page.locator("#pad").bounding_box()
    assert box is not None
    for stroke in STROKES[digit]:
        points = [
            (box["x"] + x * box["width"] / 100, box["y"] + y * box["height"] / 100)
            for x, y in stroke
        ]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=4)
        page.mouse.up()
