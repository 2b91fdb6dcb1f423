"""Scenes: what people post a digit in, drawn around digits of MNIST; each a way to lose the digit.

uint8 [28, 28] digit -> its shape, enlarged -> scene -> Pillow image
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw, ImageFilter

Digit = npt.NDArray[np.uint8]
INK, PAPER, PALE = (25, 25, 30), (255, 255, 255), (190, 190, 190)


def _shape(digit: Digit, height: int, *, bold: int = 0) -> Image.Image:
    """Cut a digit to its box and enlarge it: an `L` mask; bolder by so many pixels on each side."""
    rows, columns = np.nonzero(digit > 60)
    cut = Image.fromarray(digit[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1])
    width = max(round(cut.width * height / cut.height), 1)
    padded = Image.new("L", (width + 2 * bold, height + 2 * bold))
    padded.paste(cut.resize((width, height), Image.Resampling.BICUBIC), (bold, bold))
    sharp = padded.point(lambda grey: 255 if grey > 110 else 0)
    return sharp.filter(ImageFilter.MaxFilter(2 * bold + 1)) if bold else sharp


def _on(
    mask: Image.Image,
    size: tuple[int, int],
    *,
    ink: tuple[int, int, int] = INK,
    paper: tuple[int, int, int] = PAPER,
) -> Image.Image:
    """Put a shape in the middle of a picture."""
    picture = Image.new("RGB", size, paper)
    picture.paste(ink, _place(mask, size), mask)
    return picture


def _place(mask: Image.Image, size: tuple[int, int]) -> tuple[int, int]:
    """Return where a shape begins that lies in the middle."""
    return (size[0] - mask.width) // 2, (size[1] - mask.height) // 2


def close_crop(digit: Digit) -> Image.Image:
    """A bold digit cut to its box."""
    mask = _shape(digit, 160, bold=4)
    return _on(mask, mask.size)


def over_the_border(digit: Digit) -> Image.Image:
    """A fat brush that went over the upper border."""
    mask = _shape(digit, 260, bold=8)
    picture = Image.new("RGB", (300, 300), PAPER)
    picture.paste(INK, (_place(mask, (300, 300))[0], -8), mask)
    return picture


def tilted_note(digit: Digit) -> Image.Image:
    """A note on a dark desk, 14 degrees aslant."""
    note = _on(_shape(digit, 130), (220, 220), paper=(245, 225, 110)).convert("RGBA")
    turned = note.rotate(14, Image.Resampling.BICUBIC, expand=True)
    desk = Image.new("RGB", (420, 360), (12, 12, 14))
    desk.paste(turned, _place(turned, desk.size), turned)
    return desk


def round_badge(digit: Digit) -> Image.Image:
    """A light digit on a dark disc."""
    picture = Image.new("RGB", (300, 300), PAPER)
    ImageDraw.Draw(picture).ellipse((50, 50, 250, 250), fill=(20, 80, 190))
    mask = _shape(digit, 110)
    picture.paste(PAPER, _place(mask, picture.size), mask)
    return picture


def circled(digit: Digit) -> Image.Image:
    """A circle drawn around the digit."""
    picture = _on(_shape(digit, 110), (300, 300))
    ImageDraw.Draw(picture).ellipse((50, 45, 250, 255), outline=INK, width=7)
    return picture


def underlined(digit: Digit) -> Image.Image:
    """The digit stands on a line."""
    mask = _shape(digit, 120)
    picture = _on(mask, (400, 240))
    foot = 120 + mask.height // 2
    ImageDraw.Draw(picture).line((70, foot + 3, 330, foot), fill=INK, width=8)
    return picture


def strip_on_a_rule(digit: Digit) -> Image.Image:
    """A strip cut out of a form, with its rule."""
    mask = _shape(digit, 80)
    picture = _on(mask, (640, 130))
    ImageDraw.Draw(picture).line((0, 112, 640, 112), fill=(60, 60, 60), width=3)
    return picture


def screenshot(digit: Digit) -> Image.Image:
    """An app's canvas, with a button below it."""
    picture = _on(_shape(digit, 170), (360, 500))
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((60, 400, 300, 470), 8, fill=(20, 90, 230))
    draw.text((140, 415), "Clear", fill=PAPER, font_size=32)
    return picture


def pale_below_a_heading(digit: Digit) -> Image.Image:
    """A pale digit below a bold heading."""
    picture = _on(_shape(digit, 190), (400, 520), ink=PALE)
    ImageDraw.Draw(picture).text((40, 40), "WORKSHEET", fill=INK, font_size=44, stroke_width=1)
    return picture


def beside_a_dark_table(digit: Digit) -> Image.Image:
    """A pale digit on a sheet beside a strip of dark table."""
    picture = _on(_shape(digit, 190), (400, 400), ink=PALE)
    ImageDraw.Draw(picture).rectangle((0, 0, 28, 400), fill=(10, 10, 10))
    return picture


def one_pixel_lines(digit: Digit) -> Image.Image:
    """The outline of a digit, in lines of one red pixel on a whole screen."""
    mask = _shape(digit, 600)
    rim = ImageChops.subtract(mask, mask.filter(ImageFilter.MinFilter(3)))
    return _on(rim, (2560, 1440), ink=(237, 28, 36))


def trimmed_transparency(digit: Digit) -> Image.Image:
    """A bold drawing on nothing, cut to its box."""
    mask = _shape(digit, 160, bold=5)
    picture = Image.new("RGBA", mask.size, (*INK, 0))
    picture.putalpha(mask)
    return picture


def highlighter(digit: Digit) -> Image.Image:
    """A yellow marker on warm paper, in light from one side."""
    picture = np.asarray(
        _on(_shape(digit, 190, bold=3), (360, 360), ink=(250, 246, 60), paper=(246, 240, 226))
    )
    light = np.linspace(0.8, 1, 360)[:, np.newaxis, np.newaxis]
    grain = np.random.default_rng(1).normal(0, 2, (360, 360, 1))
    return Image.fromarray(np.clip(picture * light + grain, 0, 255).astype(np.uint8))


def equal_brightness(digit: Digit) -> Image.Image:
    """A red brush on a blue that is as bright."""
    return _on(_shape(digit, 190), (640, 360), ink=(200, 30, 30), paper=(40, 80, 190))


def edges_of_a_scan(digit: Digit) -> Image.Image:
    """The dark bars of a scanner's lid, a little away from the border."""
    picture = _on(_shape(digit, 90), (360, 300), ink=(30, 60, 150))
    ImageDraw.Draw(picture).rectangle((338, 0, 352, 300), fill=INK)
    return picture


SCENES: tuple[Callable[[Digit], Image.Image], ...] = (
    close_crop,
    over_the_border,
    tilted_note,
    round_badge,
    circled,
    underlined,
    strip_on_a_rule,
    screenshot,
    pale_below_a_heading,
    beside_a_dark_table,
    one_pixel_lines,
    trimmed_transparency,
    highlighter,
    equal_brightness,
    edges_of_a_scan,
)
