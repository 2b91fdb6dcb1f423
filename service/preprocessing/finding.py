"""Finding: where on a picture the digit is, and its ink in the picture's own pixels.

grey -> reduced -> look -> digit on the reduced picture -> cut out there, or in full size if it is small
"""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from service.preprocessing.decoding import Grey
from service.preprocessing.enlargement import is_enlarged
from service.preprocessing.geometry import Box, Mask
from service.preprocessing.ink import draw_ink
from service.preprocessing.looking import Look, look_for_digit
from service.preprocessing.morphology import dilate
from service.preprocessing.paper import TINY_SIDE, histogram, region_of
from service.preprocessing.segmentation import INK_THRESHOLD, Segment
from service.preprocessing.windows import Window

ANALYSIS_SIDE = 100  # pixels; the digit is looked for on a picture of at most this size
DETAIL_SIDE = 54  # pixels; a digit of that size on the reduced picture shows all that matters
DRAWN_SHARE = 0.9  # of a drawing's pixels that are paper, all of one grey; grain spreads a photo's
FAINT_CONTRAST = 40  # grey levels; below it the answer carries a warning
WINDOW_DIGIT_HEIGHT = 0.25  # of a window's height that a digit in it has at least


@dataclass(frozen=True)
class Found:
    """A digit on a picture.

    Attributes:
        ink: uint8 [h, w]; 0 = paper, 255 = full ink; cut to the digit; not blank.
        box: Box around it, in the picture's pixels.
        steps: Names of what was done to find it.
        is_faint: Whether it has little contrast.
        at_border: Whether it touches the picture's border.
        has_others: Whether parts of digit size were left out.
        num_parts: Connected parts of all the ink, those that were left out included.
    """

    ink: Grey
    box: Box
    steps: tuple[str, ...]
    is_faint: bool
    at_border: bool
    has_others: bool
    num_parts: int


def find_digit(grey: Grey, *, in_window: bool = False) -> Found | None:
    """Find the digit on a picture.

    Args:
        grey: uint8 [H, W].
        in_window: Whether the picture is the inside of a window, which may hold no other.

    Returns:
        The digit, or None if there is no ink.
    """
    step = -(-max(grey.shape) // ANALYSIS_SIDE)
    small = _reduced(grey, step)
    look = look_for_digit(small)
    if (look.is_doubtful or not look.paper.is_even) and is_enlarged(small):
        return _find_enlarged(grey)
    # Averaging loses a thin line.
    if look.segment is None and step > 1 and _is_drawn(grey):
        look = look_for_digit(_strongest(grey, step))
    segment = look.segment
    if segment is None:
        return None
    if segment.window and not in_window and (inner := _find_inside(grey, segment.window, step)):
        return inner
    if step == 1 or segment.box.longer_side >= DETAIL_SIDE:
        box, full = segment.box.scaled(step).within(grey.shape), look.full
        ink = _cut_reduced(look.ink, segment)
    else:
        ink, box, full = _cut_full_size(grey, look, segment, step)
    if not ink.any():
        return None
    steps = _steps(look, segment, box, grey.shape)
    return Found(
        ink,
        box,
        steps,
        is_faint=full < FAINT_CONTRAST,
        at_border=box.touches(grey.shape),
        has_others=segment.has_others,
        num_parts=segment.num_parts,
    )


def _steps(look: Look, segment: Segment, box: Box, shape: tuple[int, ...]) -> tuple[str, ...]:
    """Name what was done to find the digit, in order."""
    return (
        *(["inverted"] if look.paper.is_light else []),
        *([] if look.paper.is_even and not look.paper.is_shadowed else ["background-removed"]),
        *segment.steps,
        *(["cropped"] if box != Box.of(shape) else []),
    )


def _reduced(grey: Grey, step: int) -> Grey:
    """Average `step` times `step` pixels."""
    return np.asarray(Image.fromarray(grey).reduce(step)) if step > 1 else grey


def _is_drawn(grey: Grey) -> bool:
    """Tell whether nearly all of a picture is of one grey, without the grain of a photo."""
    return bool(histogram(grey).max() >= DRAWN_SHARE * grey.size)


def _strongest(grey: Grey, step: int) -> Grey:
    """Keep of `step` times `step` pixels the darkest, or the brightest where more stands out from the middle."""
    places = [np.arange(0, side, step) for side in grey.shape]

    def reduced(of: np.ufunc) -> Grey:
        kept: Grey = of.reduceat(of.reduceat(grey, places[0], axis=0), places[1], axis=1)
        return kept

    dark, light, middle = reduced(np.minimum), reduced(np.maximum), float(np.median(grey))
    return dark if middle - float(dark.min()) >= float(light.max()) - middle else light


def _find_enlarged(grey: Grey) -> Found | None:
    """Find the digit on a tiny picture that was enlarged smoothly."""
    step = -(-max(grey.shape) // TINY_SIDE)
    found = find_digit(_reduced(grey, step))
    return found and replace(
        found,
        box=found.box.scaled(step).within(grey.shape),
        steps=("reduced", *found.steps),
    )


def _find_inside(grey: Grey, window: Window, step: int) -> Found | None:
    """Find a digit within a window of the reduced picture, `step` times smaller."""
    box = window.box.scaled(step).within(grey.shape)
    inside = np.ascontiguousarray(grey[box.slices])
    if window.outside is not None:
        is_outside = _enlarged(window.outside, step)[: box.height, : box.width]
        inside = np.where(is_outside, np.uint8(np.median(inside[~is_outside])), inside)
    found = find_digit(inside, in_window=True)
    if found is None or found.box.height < WINDOW_DIGIT_HEIGHT * box.height:
        return None
    steps = ("window-entered", *found.steps)
    box = found.box.shifted(box.left, box.top)
    return replace(found, box=box, steps=steps, at_border=box.touches(grey.shape))


def _cut_reduced(ink: Grey, segment: Segment) -> Grey:
    """Cut the digit's ink out of the reduced picture's."""
    digit = ink[segment.box.slices]
    return digit * _with_rims(segment)[segment.box.slices] if segment.is_partial else digit


def _cut_full_size(grey: Grey, look: Look, segment: Segment, step: int) -> tuple[Grey, Box, int]:
    """Cut a small digit out of the picture in full size; return ink, box and full contrast."""
    rough = segment.box.grown(1, segment.mask.shape)
    box = rough.scaled(step).within(grey.shape)
    contrast = look.paper.contrast(grey[box.slices], region_of(box, grey.shape))
    if segment.is_partial:
        kept = _with_rims(segment)[rough.slices]
        contrast = contrast * _enlarged(kept, step)[: box.height, : box.width]
    ink, full = draw_ink(contrast, look.floor)
    tight = Box.around(ink > INK_THRESHOLD) if full else Box.of(ink.shape)
    return ink[tight.slices], tight.shifted(box.left, box.top), full


def _with_rims(segment: Segment) -> Mask:
    """Return the digit's mask with the rims of its strokes, which fade into the paper."""
    return dilate(segment.mask, 1)


def _enlarged(mask: Mask, factor: int) -> Mask:
    """Repeat each pixel of a mask `factor` times down and across."""
    return mask.repeat(factor, axis=0).repeat(factor, axis=1)
