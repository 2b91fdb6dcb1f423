"""Paper: what the pen wrote on, and how far pixels stand out from it.

grey -> even_paper (one brightness) or else uneven_paper (brightness around each pixel) -> Paper -> contrast

Paper is measured on a picture of analysis size; the contrast of any crop of the picture in its full
size may then be taken from it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from service.preprocessing.decoding import Grey
from service.preprocessing.geometry import Box

MIN_CONTRAST = 12  # grey levels of 255; less is paper grain and JPEG noise
MAX_NOISE_FLOOR = 40  # grey levels; coarse grain must not hide strong ink
NOISE_FACTOR = 4.0  # contrast below four deviations of the paper's grain is no ink
DEVIATIONS_PER_MEDIAN = 1.4826  # standard deviation over median deviation, of a normal distribution
TINY_SIDE = 20  # pixels; a digit fills such a picture
LEVELS = np.arange(256)  # every grey level

Region = tuple[float, float, float, float]
Surface = npt.NDArray[np.float32]
Counts = npt.NDArray[np.intp]

WHOLE: Region = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Paper:
    """What the pen wrote on.

    Attributes:
        surface: float32 [h, w], brightness of the bare paper in grey levels, on a reduced picture;
            [1, 1] where the paper is even.
        is_light: Whether the ink is darker than the paper.
        floor: Contrast in grey levels that grain reaches, and around which ink begins.
        counts: intp [256], pixels of each grey level of the picture that it was measured on, where it is even.
        is_shadowed: Whether there is paper of another brightness beyond a sharp edge; it is no ink.
    """

    surface: Surface
    is_light: bool
    floor: int
    counts: Counts | None = None
    is_shadowed: bool = False

    @property
    def is_even(self) -> bool:
        """Whether one brightness serves for all of the paper."""
        return self.surface.size == 1

    def contrast(self, grey: Grey, region: Region) -> Grey:
        """Measure how far pixels stand out from the paper, on the ink's side.

        Args:
            grey: uint8 [H, W], a crop of the picture.
            region: Left, top, right, bottom of the crop as shares of the picture, 0..1.

        Returns:
            uint8 [H, W], in grey levels.
        """
        if self.is_even:
            return self.contrast_of_levels().take(grey)
        return self._on_ink_side(self._bare(grey.shape, region) - grey)

    def contrast_of_levels(self) -> Grey:
        """Measure how far each grey level stands out from even paper; uint8 [256], as `contrast`."""
        return self._on_ink_side(float(self.surface[0, 0]) - LEVELS)

    def _bare(self, size: tuple[int, ...], region: Region) -> Surface:
        """Return the brightness of the bare paper in a region, float32 of `size`."""
        height, width = self.surface.shape
        left, top, right, bottom = region
        box = (left * width, top * height, right * width, bottom * height)
        surface = Image.fromarray(self.surface)
        return np.asarray(surface.resize((size[1], size[0]), Image.Resampling.BILINEAR, box))

    def _on_ink_side(self, difference: npt.NDArray[np.floating]) -> Grey:
        """Return by how much the paper is brighter, or darker if the ink is lighter; 0 on the other side."""
        darker = difference if self.is_light else -difference
        contrast: Grey = np.clip(darker, 0, 255).astype(np.uint8)
        return contrast


def region_of(box: Box, shape: tuple[int, ...]) -> Region:
    """Return a box as shares of a picture [H, W]: left, top, right, bottom, 0..1."""
    height, width = shape
    return box.left / width, box.top / height, box.right / width, box.bottom / height


def noise_floor(deviations: npt.NDArray[np.floating]) -> float:
    """Return the contrast that grain reaches.

    Args:
        deviations: Of pixels from the paper, in grey levels; most pixels are bare paper.

    Returns:
        Grey levels, from `MIN_CONTRAST` to `MAX_NOISE_FLOOR`.
    """
    return noise_floor_of(median(np.abs(deviations)))


def noise_floor_of(median_deviation: float) -> float:
    """Return the contrast that grain reaches, from the median deviation of pixels; as `noise_floor`."""
    deviation = DEVIATIONS_PER_MEDIAN * median_deviation
    return max(MIN_CONTRAST, min(NOISE_FACTOR * deviation, MAX_NOISE_FLOOR))


def median(values: npt.NDArray[np.floating]) -> float:
    """Return what `np.median` does of finite values, of any shape and not empty, in half of its time."""
    middle = values.size // 2
    places = (middle - 1 + values.size % 2, middle)  # the same one twice if their number is odd
    low, high = np.partition(values, places, axis=None)[list(places)]
    return float((low + high) / 2)


def histogram(grey: Grey) -> Counts:
    """Count the pixels of each grey level, intp [256]."""
    return np.bincount(grey.ravel(), minlength=256)


def rim(grey: Grey) -> Grey:
    """Return the outermost pixels of a picture of at least two rows and columns, uint8 [P]."""
    return np.concatenate([grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1]])


def smooth(grey: Grey) -> Grey:
    """Average 3x3 pixels, which quiets grain: uint8 [H, W] to uint8 [H, W]."""
    return np.asarray(Image.fromarray(grey).filter(ImageFilter.BoxBlur(1)))
