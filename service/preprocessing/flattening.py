"""Flattening: a decoded image of any mode to grey, its transparent parts over a background.

image of any mode -> grey; transparent: over white, over black, or over its own background -> `L`
"""

import numpy as np
import numpy.typing as npt
from PIL import Image

OPAQUE = 255
# Of a bold drawing that was cut to its box; pictures with round corners have more.
TRIMMED_OPACITY = 0.85
TONE_SPREAD = 6  # grey levels around the commonest that are the same tone
TONE_SHARE = 0.98  # of the opaque pixels that have one tone, if there is nothing but a drawing


def is_transparent(image: Image.Image) -> bool:
    """Tell whether a picture may have transparent parts."""
    return "A" in image.getbands() or "transparency" in image.info


def flatten(image: Image.Image) -> Image.Image:
    """Turn any mode into grey (`L`), transparent parts over a background.

    Where less than half is opaque, or not much more and nearly all of it has one tone, the opaque part is the
    drawing, and the background is white under dark ink and black under light ink. Else the picture has a
    background of its own, and transparent parts (round corners, say) continue it: they get the commonest opaque
    grey.
    """
    if image.mode.startswith("I;16") or image.mode in {"I", "F"}:
        return _from_deep(image)
    if not is_transparent(image):
        return image.convert("L")
    if image.mode == "P":
        image = image.convert("RGBA")
    alpha = (
        image.getchannel("A") if "A" in image.getbands() else image.convert("RGBA").getchannel("A")
    )
    grey = image.convert("L")
    if alpha.getextrema()[0] == OPAQUE:
        return grey
    opacity = np.asarray(alpha, np.float32) / 255
    values = np.asarray(grey, np.float32)
    counts = np.bincount(np.asarray(grey)[opacity > 0.5], minlength=256)
    if opacity.mean() < 0.5 or (opacity.mean() < TRIMMED_OPACITY and _is_one_tone(counts)):
        mean = float((values * opacity).sum() / max(opacity.sum(), 1.0))
        background = 255 if mean < 128 else 0
    else:
        background = int(counts.argmax())
    flat = values * opacity + background * (1 - opacity)
    return Image.fromarray(np.rint(flat).astype(np.uint8))


def _is_one_tone(counts: npt.NDArray[np.intp]) -> bool:
    """Tell whether nearly all pixels, counted by grey level, are about as dark as most."""
    commonest = int(counts.argmax())
    alike = counts[max(commonest - TONE_SPREAD, 0) : commonest + TONE_SPREAD + 1]
    return bool(alike.sum() >= TONE_SHARE * counts.sum())


def _from_deep(image: Image.Image) -> Image.Image:
    """Bring 16-bit, 32-bit and float greys to 8 bits; Pillow's own conversion cuts at 255."""
    values = np.nan_to_num(np.asarray(image, np.float32))
    top = 65535.0 if values.max(initial=0) > 255 else 255.0 if values.max(initial=0) > 1 else 1.0
    return Image.fromarray(np.rint(np.clip(values / top, 0, 1) * 255).astype(np.uint8))
