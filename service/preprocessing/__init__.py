"""Preprocessing: any upload to the canonical digit that the networks know. It lives here and nowhere else.

    bytes -> open (header) -> decode (grey, upright) -> paper, ink -> segment (the digit's parts) -> canonical

Training uses the same functions for every picture that it renders or reads. The package imports
neither FastAPI nor TensorFlow.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from service.errors import BlankImageError
from service.preprocessing.canonical import canonical_box, normalise
from service.preprocessing.decoding import Grey, OpenedImage, Picture, UploadLimits, open_image
from service.preprocessing.enlargement import block_side
from service.preprocessing.finding import Found, find_digit
from service.preprocessing.geometry import Box
from service.preprocessing.margins import inside_of_margins
from service.preprocessing.whole import keep_whole

# Of the canonical form, in every bundle's manifest: a network is served only with the form that it was made for.
PREPROCESSING_VERSION = "2"


@dataclass(frozen=True)
class CanonicalDigit:
    """What the network sees of an upload.

    Attributes:
        image: uint8 [28, 28]; 0 = paper, 255 = ink; the digit fills a 20x20 box, its centre of mass
            lies at the image's centre. A picture of this size with more on it is as it was.
        ink_box: Where the digit was found, in pixels of the upright upload.
        steps: Names of the steps that changed the picture, in order.
        warnings: Sentences on what may make the answer less sure.
    """

    image: npt.NDArray[np.uint8]
    ink_box: Box
    steps: tuple[str, ...]
    warnings: tuple[str, ...]


def preprocess(upload: bytes, limits: UploadLimits) -> CanonicalDigit:
    """Turn the bytes of an image file into a canonical digit.

    Raises:
        UploadError: If the bytes are no usable image, or there is no ink on it (see `service.errors`).
    """
    return canonicalise(open_image(upload, limits).decode())


def canonicalise(picture: Picture) -> CanonicalDigit:
    """Find the digit on a decoded picture and bring it to the canonical form.

    Raises:
        BlankImageError: If there is no ink on the picture.
    """
    picture = _without_blocks(picture)
    grey = picture.grey
    if canonical := canonical_box(grey):
        return CanonicalDigit(grey, picture.in_upload(canonical), picture.steps, ())
    inside, found = _find(grey)
    if found is None and picture.in_colour and (coloured := picture.in_colour()):
        picture = _without_blocks(coloured)  # a marker may be as bright as the paper
        inside, found = _find(picture.grey)
    if found is None:
        raise BlankImageError(
            "The image shows no ink: every part of it has about the same brightness. Send a picture "
            "with one digit that is clearly darker or lighter than its background."
        )
    has_margins = inside != Box.of(picture.grey.shape)
    whole = keep_whole(picture.grey[inside.slices], found)
    image, steps = whole or _cut_out(found)
    has_others = found.has_others and not whole
    box = found.box.shifted(inside.left, inside.top)
    at_border = found.at_border and box.touches(picture.grey.shape)
    warnings = (
        *(["The digit has little contrast with its background."] if found.is_faint else []),
        *(["The digit touches the image's border and may be cut off."] if at_border else []),
        *(["There are several parts of digit size; one was read."] if has_others else []),
    )
    steps = (*picture.steps, *(["margins-removed"] if has_margins else []), *steps)
    return CanonicalDigit(image, picture.in_upload(box), tuple(dict.fromkeys(steps)), warnings)


def _find(grey: Grey) -> tuple[Box, Found | None]:
    """Find the digit within a picture's margins; return what lies within them, and the digit there.

    Where nothing does, and not all four sides have a margin, these were strokes of the digit.
    """
    whole = Box.of(grey.shape)
    inside = inside_of_margins(grey)
    if inside is not None:
        found = find_digit(np.ascontiguousarray(grey[inside.slices]))
        margins = inside.left, inside.top, whole.right - inside.right, whole.bottom - inside.bottom
        if found or min(margins) > 0:
            return inside, found
    return whole, find_digit(grey)


def _cut_out(found: Found) -> tuple[npt.NDArray[np.uint8], tuple[str, ...]]:
    """Bring a digit that was found to the canonical form; return it and the names of all steps."""
    image, weighting = normalise(found.ink)
    return image, (*found.steps, *([weighting] if weighting else []), "scaled", "shifted")


def _without_blocks(picture: Picture) -> Picture:
    """Undo an enlargement of a tiny picture that repeated its pixels; else return the picture itself."""
    side = block_side(picture.grey)
    if side == 1:
        return picture
    steps = picture.steps if "reduced" in picture.steps else (*picture.steps, "reduced")
    grey = np.ascontiguousarray(picture.grey[::side, ::side])
    shape = picture.shape or picture.grey.shape
    return replace(picture, grey=grey, scale=picture.scale * side, steps=steps, shape=shape)


__all__ = [
    "PREPROCESSING_VERSION",
    "Box",
    "CanonicalDigit",
    "OpenedImage",
    "Picture",
    "UploadLimits",
    "canonicalise",
    "open_image",
    "preprocess",
]
