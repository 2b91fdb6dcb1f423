"""Shrinking: large pictures to about working size, without a second large one.

image -> strips -> a mode that can be averaged -> reduced by a whole factor -> joined
"""

from PIL import Image

from service.preprocessing.flattening import is_transparent

STRIP_ROWS = 16  # of the reduced picture, made at a time; a strip of 50 megapixels is 8 MB


def shrink(image: Image.Image, side: int) -> Image.Image:
    """Reduce a large picture by a whole factor, in strips: a second whole one would double the memory.

    Args:
        image: Decoded, of any mode.
        side: Pixels that its longer side keeps at least.

    Returns:
        The reduced picture, with the EXIF data of the large one; that itself, if it has less than twice the side.
    """
    factor = max(image.size) // side
    if factor < 2:
        return image
    height = STRIP_ROWS * factor
    strips = [
        _reducible(image.crop((0, top, image.width, min(top + height, image.height)))).reduce(
            factor
        )
        for top in range(0, image.height, height)
    ]
    small = Image.new(strips[0].mode, (strips[0].width, sum(strip.height for strip in strips)))
    small.info = strips[0].info  # the orientation is still to be read from it
    for index, strip in enumerate(strips):
        small.paste(strip, (0, index * STRIP_ROWS))
    return small


def _reducible(image: Image.Image) -> Image.Image:
    """Bring a picture to a mode that can be averaged."""
    if is_transparent(image):
        return image.convert("RGBA")
    if image.mode in {"1", "P"}:
        return image.convert("L" if image.mode == "1" else "RGB")
    return image.convert("I") if image.mode.startswith("I;16") else image
