"""Every kind of upload that shows a digit, by name.

digit, rng -> kind -> Scene -> uint8 picture
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from training.uploads import crowded_kinds, drawn_kinds, paper_kinds, photo_kinds, small_kinds
from training.uploads.pens import Digit, Kind
from training.uploads.scene import Rng, Scene

DIGITS: Mapping[str, Kind] = {
    "dark-on-white": drawn_kinds.dark_on_white,
    "light-on-dark": drawn_kinds.light_on_dark,
    "coloured-pen": drawn_kinds.coloured_pen,
    "thin-pen": drawn_kinds.thin_pen,
    "thick-marker": drawn_kinds.thick_marker,
    "touching-border": drawn_kinds.touching_border,
    "tiny-off-centre": drawn_kinds.tiny_off_centre,
    "paint-drawing": drawn_kinds.paint_drawing,
    "tablet-drawing": drawn_kinds.tablet_drawing,
    "neon-drawing": drawn_kinds.neon_drawing,
    "poster-print": drawn_kinds.poster_print,
    "transparent-png": drawn_kinds.transparent_png,
    "small-hard-drawing": small_kinds.small_hard_drawing,
    "small-soft-drawing": small_kinds.small_soft_drawing,
    "small-brush-drawing": small_kinds.small_brush_drawing,
    "grey-16x16": small_kinds.grey_16x16,
    "counts-8x8": small_kinds.counts_8x8,
    "coloured-paper": paper_kinds.coloured_paper,
    "textured-paper": paper_kinds.textured_paper,
    "pencil-on-paper": paper_kinds.pencil_on_paper,
    "ruled-paper": paper_kinds.ruled_paper,
    "squared-paper": paper_kinds.squared_paper,
    "form-box": crowded_kinds.form_box,
    "meter-window": crowded_kinds.meter_window,
    "stained-paper": paper_kinds.stained_paper,
    "stray-strokes": crowded_kinds.stray_strokes,
    "neighbour-digit": crowded_kinds.neighbour_digit,
    "low-contrast": paper_kinds.low_contrast,
    "fax": paper_kinds.fax,
    "scan-edge": paper_kinds.scan_edge,
    "table-edge": paper_kinds.table_edge,
    "uneven-light": photo_kinds.uneven_light,
    "hard-shadow": photo_kinds.hard_shadow,
    "chalkboard": photo_kinds.chalkboard,
    "whiteboard": photo_kinds.whiteboard,
    "tilted": photo_kinds.tilted,
    "defocused": photo_kinds.defocused,
    "jpeg-blocks": photo_kinds.jpeg_blocks,
    "sensor-grain": photo_kinds.sensor_grain,
    "screen-photo": photo_kinds.screen_photo,
    "phone-photo": photo_kinds.phone_photo,
    "hard-phone-photo": photo_kinds.hard_phone_photo,
}
DIGIT_KINDS: tuple[str, ...] = tuple(DIGITS)


def stage_digit(kind: str, digit: Digit, rng: Rng) -> Scene:
    """Make the scene of a digit: the picture, and the mask of its ink.

    Args:
        kind: One of `DIGIT_KINDS`.
        digit: uint8 [28, 28] of MNIST, or [h, w] of `draw_digit` or `print_digit`; 0 = paper,
            255 = ink. Not blank.
        rng: Draws everything else; the same state gives the same scene.
    """
    return DIGITS[kind](digit, rng)


def render_digit(kind: str, digit: Digit, rng: Rng) -> npt.NDArray[np.uint8]:
    """Render a digit as an upload of a kind.

    Args:
        kind: One of `DIGIT_KINDS`.
        digit: uint8 [28, 28] of MNIST, or [h, w] of `draw_digit` or `print_digit`; 0 = paper,
            255 = ink. Not blank.
        rng: Draws everything else; the same state gives the same picture.

    Returns:
        uint8 [H, W] grey, [H, W, 3] RGB, or [H, W, 4] RGBA for "transparent-png".
    """
    return stage_digit(kind, digit, rng).finish()
