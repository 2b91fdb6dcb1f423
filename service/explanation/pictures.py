"""Pictures of an explanation: a layer's maps side by side, and saliency over the digit, as PNG."""

import io
import math

import numpy as np
import numpy.typing as npt
from PIL import Image

from service.explanation.network import Layer
from service.explanation.occlusion import Saliency

SCALE = 4  # picture pixels of one activation
LEAST = 1e-6  # what counts as the brightest activation, or the strongest evidence, of nothing
GAP = 1  # activations between two maps
FOR, AGAINST = (0, 90, 181), (220, 50, 32)  # blue and red that colour-blind people tell apart


def draw_layer(layer: Layer) -> bytes:
    """Draw the maps of a layer in a grid, row by row, from black for 0 or less to white for its maximum.

    A layer without maps is one row of cells.

    Returns:
        A grey PNG.
    """
    maps = layer.activations
    if maps.ndim == 1:
        maps = maps.reshape(1, -1, 1)
    highest = max(float(maps.max()), LEAST)
    grey = (np.clip(maps / highest, 0, 1) * 255).round().astype(np.uint8)
    return _encode(_tile(np.moveaxis(grey, -1, 0)))


def draw_saliency(digit: npt.NDArray[np.uint8], saliency: Saliency) -> bytes:
    """Draw a uint8 [28, 28] digit in blue where its ink spoke for the class, in red where against.

    Returns:
        An RGB PNG; ink that said nothing is grey.
    """
    strength = saliency.evidence / max(float(np.abs(saliency.evidence).max()), LEAST)
    colour = np.where((strength >= 0)[..., np.newaxis], FOR, AGAINST)
    share = np.abs(strength)[..., np.newaxis]
    ink = share * colour + (1 - share) * 128
    cover = digit[..., np.newaxis] / 255
    return _encode((cover * ink + (1 - cover) * 255).round().astype(np.uint8))


def _tile(maps: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Lay maps uint8 [C, H, W] into a grid that is about square."""
    count, height, width = maps.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP), 64, np.uint8)
    for at, one in enumerate(maps):
        top, left = at // columns * (height + GAP), at % columns * (width + GAP)
        sheet[top : top + height, left : left + width] = one
    return sheet


def _encode(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Enlarge pixels and write them as PNG."""
    image = Image.fromarray(pixels)
    buffer = io.BytesIO()
    size = (image.width * SCALE, image.height * SCALE)
    image.resize(size, Image.Resampling.NEAREST).save(buffer, "PNG")
    return buffer.getvalue()
