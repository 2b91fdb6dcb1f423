"""Ink: a grey picture of any light, paper and polarity to a map that is bright where the pen went.

grey -> background (level around each pixel) -> contrast of the stronger side -> scaled to 0..255
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from service.preprocessing.decoding import Grey

MIN_CONTRAST = 12.0  # grey levels of 255; less is paper grain and JPEG noise
FAINT_CONTRAST = 40.0  # grey levels; below it the answer carries a warning
UNEVEN_SPREAD = 12.0  # grey levels between the darker and lighter quarters of the background
BLOCKS = 8  # the background is estimated in 8x8 blocks of the picture
NOISE_FACTOR = 4.0  # contrast below four deviations of the paper's grain is no ink
INK_SHARE_MIN = 2e-4  # share of pixels; less is dust


@dataclass(frozen=True)
class Ink:
    """Where the pen went.

    Attributes:
        map: uint8 [H, W]; 0 = background, 255 = full ink.
        is_dark_on_light: Whether the ink was darker than its background.
        is_uneven: Whether the background's brightness varied.
        is_faint: Whether there is little contrast.
    """

    map: Grey
    is_dark_on_light: bool
    is_uneven: bool
    is_faint: bool


def extract_ink(grey: Grey) -> Ink | None:
    """Separate ink from background, whatever their brightness.

    The ink is the side of the background, darker or lighter, that stands out by more in all.

    Args:
        grey: uint8 [H, W].

    Returns:
        The ink, or None if nothing stands out.
    """
    values = grey.astype(np.float32)
    background = estimate_background(grey)
    difference = values - background
    noise = 1.4826 * float(np.median(np.abs(difference)))  # deviation from the median deviation
    floor = max(MIN_CONTRAST, min(NOISE_FACTOR * noise, 40.0))
    dark, light = np.maximum(-difference - floor, 0), np.maximum(difference - floor, 0)
    is_dark = float(dark.sum()) >= float(light.sum())
    contrast = np.maximum(-difference if is_dark else difference, 0)
    inked = contrast > floor
    if inked.mean() < INK_SHARE_MIN or not inked.any():
        return None
    full = float(np.percentile(contrast[inked], 75))
    low = max(floor, 0.3 * full)
    # The ramp from paper to ink keeps the anti-aliased rim of strokes.
    ink = np.clip((contrast - 0.5 * low) / max(0.85 * full - 0.5 * low, 1.0), 0, 1)
    ink[contrast < low * 0.6] = 0
    spread = float(np.percentile(background, 75) - np.percentile(background, 25))
    return Ink(
        np.rint(ink * 255).astype(np.uint8), is_dark, spread > UNEVEN_SPREAD, full < FAINT_CONTRAST
    )


def estimate_background(grey: Grey) -> npt.NDArray[np.float32]:
    """Estimate the brightness of the bare paper at every pixel.

    Where the medians of the blocks agree with the border's, the paper is even and one level serves:
    a thick stroke may then fill whole blocks. Else the medians, freed of outliers, are spread over the
    picture.

    Args:
        grey: uint8 [H, W].

    Returns:
        float32 [H, W], in grey levels.
    """
    height, width = grey.shape
    level = float(np.median(_border(grey)))
    if min(height, width) < 8 * BLOCKS:
        return np.full(grey.shape, level, np.float32)
    rows, columns = height // BLOCKS, width // BLOCKS
    blocks = grey[: rows * BLOCKS, : columns * BLOCKS].reshape(BLOCKS, rows, BLOCKS, columns)
    medians = np.median(blocks, axis=(1, 3))
    edge = np.concatenate([medians[0], medians[-1], medians[1:-1, 0], medians[1:-1, -1]])
    if edge.max() - edge.min() < UNEVEN_SPREAD:
        return np.full(grey.shape, level, np.float32)
    smooth = Image.fromarray(medians.astype(np.uint8)).filter(ImageFilter.MedianFilter(3))
    spread = smooth.resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(spread, np.float32)


def _border(grey: Grey) -> Grey:
    """Return the outermost pixels, a twentieth of the side deep."""
    depth = max(1, min(grey.shape) // 20)
    return np.concatenate(
        [part.ravel() for part in (grey[:depth], grey[-depth:], grey[:, :depth], grey[:, -depth:])]
    )
