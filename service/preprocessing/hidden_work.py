"""Hidden work: what a file makes its decoder do that its width times height does not tell.

    opened image, its bytes -> check_hidden_work -> nothing, or ImageTooLargeError

Each bound is far above what programs write. Files beyond them are small to send: a JPEG of 20 MB could
hold 200,000 scans of 50 megapixels, an hour and a half of computing.
"""

from collections.abc import Mapping, Sequence

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from service.errors import ImageTooLargeError
from service.preprocessing.jpeg_segments import END_OF_IMAGE, START_OF_SCAN, find_segments

MAX_SIDE_PIXELS = 65_535  # JPEG's own bound; Pillow takes 8 bytes for each row besides the pixels
MAX_SCANS = 32  # of a JPEG, each a pass over all its pixels; libjpeg writes 10, or 18 of CMYK
MAX_RUN_LENGTH_PIXELS = 4_000_000  # of a BMP; Pillow unpacks these in Python, some in 0.1 us each
MAX_SEGMENTS = 4096  # of a JPEG's headers; a colour profile takes at most 255
TILE_WIDTH, TILE_LENGTH = 322, 323  # tags; TIFF 6.0, section 15
MIN_TILE_PIXELS = 1_000_000  # allowed to every TIFF; programs write tiles of 65,536 pixels


def check_hidden_work(image: Image.Image, upload: bytes) -> None:
    """Check what an opened image would cost beyond its pixels.

    Args:
        image: Opened, not loaded.
        upload: The bytes that it was opened from.

    Raises:
        ImageTooLargeError: If it has a longer side, more JPEG scans, larger TIFF tiles or more pixels in
            runs of a BMP than programs write.
    """
    if max(image.size) > MAX_SIDE_PIXELS:
        raise ImageTooLargeError(
            f"The image has {image.width}x{image.height} pixels; at most {MAX_SIDE_PIXELS:,} a side are "
            "accepted. Crop it to the digit."
        )
    if isinstance(image, JpegImageFile) and not _has_few_scans(image, upload):
        raise ImageTooLargeError(
            f"The JPEG image has more than {MAX_SCANS} scans or {MAX_SEGMENTS:,} segments, the most that "
            "are accepted. Save it anew, not progressive."
        )
    if _has_runs(image) and image.width * image.height > MAX_RUN_LENGTH_PIXELS:
        raise ImageTooLargeError(
            f"The BMP image is run-length encoded; at most {MAX_RUN_LENGTH_PIXELS:,} pixels are accepted so. "
            "Save it as PNG."
        )
    if image.format == "TIFF" and _tile_pixels(image) > _most_tile_pixels(image):
        raise ImageTooLargeError(
            "The TIFF image has tiles that are much larger than itself. Save it anew, without tiles."
        )


def _has_runs(image: Image.Image) -> bool:
    """Tell whether an image is a run-length encoded BMP."""
    tiles: Sequence[tuple[str, object]] = getattr(image, "tile", ())
    return any(tile[0] == "bmp_rle" for tile in tiles)


def _has_few_scans(image: JpegImageFile, jpeg: bytes) -> bool:
    """Tell whether a JPEG's first picture has no more scans and segments than are accepted."""
    num_scans = 0
    for number, segment in enumerate(find_segments(jpeg)):
        if segment.code == END_OF_IMAGE:
            return True
        if segment.code == START_OF_SCAN:
            num_scans += 1
            num_components = jpeg[segment.data : segment.data + 1]
            if "progressive" not in image.info and num_components == bytes([image.layers]):
                return True  # a scan of all components, behind which the decoder looks for no other
        if num_scans > MAX_SCANS or number >= MAX_SEGMENTS:
            return False
    return True


def _tile_pixels(image: Image.Image) -> int:
    """Return how many pixels a tile of a TIFF claims; 0 without tiles, or with no number for a side."""
    tags: Mapping[int, object] = getattr(image, "tag_v2", {})
    width, length = tags.get(TILE_WIDTH), tags.get(TILE_LENGTH)
    return width * length if isinstance(width, int) and isinstance(length, int) else 0


def _most_tile_pixels(image: Image.Image) -> int:
    """Return how many pixels a tile may have: those of the whole image, or some more if it is small."""
    return max(MIN_TILE_PIXELS, image.width * image.height)
