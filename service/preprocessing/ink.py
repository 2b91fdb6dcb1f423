"""Ink: a grey picture of any light, paper and polarity to a map that is bright where the pen went.

grey -> paper (brightness around each pixel, polarity, grain) -> contrast -> ink 0..255

The paper is measured on a picture of analysis size; ink may then be drawn out of any crop of the
picture in its full size.
"""

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from service.preprocessing.decoding import Grey
from service.preprocessing.geometry import Box

MIN_CONTRAST = 12  # grey levels of 255; less is paper grain and JPEG noise
FAINT_CONTRAST = 40  # grey levels; below it the answer carries a warning
NOISE_FACTOR = 4.0  # contrast below four deviations of the paper's grain is no ink
MAX_NOISE_FLOOR = 40  # grey levels; coarse grain must not hide strong ink
FLAT_SPREAD = 6  # grey levels around the commonest one that still are the same paper
FLAT_SHARE = 0.5  # of the pixels must be of that level, and
FLAT_BORDER_SHARE = 0.6  # of the border's, for the paper to be even
CLEAR_SPLIT = 1.5  # times as strong as weak marks are the pen's
TINY_SIDE = 20  # pixels; a digit fills such a picture
INK_SHARE_MIN = 2e-4  # share of pixels; less is dust
SURFACE_SIDE = 48  # pixels; uneven paper is measured on a picture of at most this size
SURFACE_FITS = 6  # rounds of the robust fit
CLOSING_SHARE = 0.17  # of the side; wider marks than this are paper of another brightness

STROKE_SHARE = 0.08  # of the side; the strokes of most pens are narrower
STROKE_AREA = 0.004  # of the picture that the strokes of a digit cover at least

Surface = npt.NDArray[np.float32]
Counts = npt.NDArray[np.intp]

_LEVELS = np.arange(256)
_LEVEL_WINDOW = np.ones(2 * FLAT_SPREAD + 1)


@dataclass(frozen=True)
class Paper:
    """What the pen wrote on.

    Attributes:
        surface: float32 [h, w], brightness of the bare paper in grey levels, on a reduced picture;
            [1, 1] where the paper is even.
        is_light: Whether the ink is darker than the paper.
        floor: Contrast in grey levels that grain reaches, and ink exceeds.
    """

    surface: Surface
    is_light: bool
    floor: int

    @property
    def is_even(self) -> bool:
        """Whether one brightness serves for all of the paper."""
        return self.surface.size == 1

    def contrast(self, grey: Grey, region: tuple[float, float, float, float]) -> Grey:
        """Measure how far pixels stand out from the paper, on the ink's side.

        Args:
            grey: uint8 [H, W], a crop of the picture.
            region: Left, top, right, bottom of the crop as shares of the picture, 0..1.

        Returns:
            uint8 [H, W], in grey levels.
        """
        if self.is_even:
            return self._table()[grey]
        height, width = self.surface.shape
        left, top, right, bottom = region
        spread = Image.fromarray(self.surface).resize(
            (grey.shape[1], grey.shape[0]),
            Image.Resampling.BILINEAR,
            (left * width, top * height, right * width, bottom * height),
        )
        difference = np.asarray(spread) - grey
        return np.clip(difference if self.is_light else -difference, 0, 255).astype(np.uint8)

    def _table(self) -> Grey:
        """Return the contrast of every grey level with even paper, uint8 [256]."""
        difference = float(self.surface[0, 0]) - _LEVELS
        return np.clip(difference if self.is_light else -difference, 0, 255).astype(np.uint8)


WHOLE = (0.0, 0.0, 1.0, 1.0)


def measure_paper(grey: Grey) -> Paper:
    """Find out the brightness of the paper, and on which side of it the ink is.

    Paper of one brightness, by the histogram, has one level.

    Args:
        grey: uint8 [H, W], of analysis size.
    """
    if max(grey.shape) <= TINY_SIDE:
        return _even_paper(_tiny_level(grey), _histogram(grey))
    for picture in (grey, _smooth(grey)):  # grain is even, too
        level = _even_level(picture, _histogram(picture))
        if level is not None:
            return _even_paper(level, _histogram(grey))
    return measure_uneven_paper(grey)


def measure_uneven_paper(grey: Grey) -> Paper:
    """Measure paper whose brightness varies.

    A curved surface is fitted to what most pixels agree on, to tell on which side the ink is; then marks
    of that side are closed.

    Args:
        grey: uint8 [H, W], of analysis size.
    """
    smooth = _smooth(grey)
    is_light = _is_ink_dark(smooth)
    closed = _closed(smooth, CLOSING_SHARE) if is_light else ~_closed(~smooth, CLOSING_SHARE)
    surface = closed.astype(np.float32)
    difference = surface - grey if is_light else grey - surface
    grain = float(np.median(difference))  # closing follows the brightest grains
    surface = surface - grain if is_light else surface + grain
    return Paper(
        surface, is_light, round(_noise_floor(float(np.median(np.abs(difference - grain)))))
    )


def draw_ink(contrast: Grey, floor: int) -> tuple[Grey, int]:
    """Turn contrast into ink: nothing up to the grain, full where the pen pressed.

    Args:
        contrast: uint8 [H, W].
        floor: Contrast that grain reaches.

    Returns:
        uint8 [H, W]; 0 = paper, 255 = full ink; and the contrast of full ink, 0 if there is no ink.
    """
    counts = _histogram(contrast)
    inked = counts[floor + 1 :].sum()
    if inked < max(INK_SHARE_MIN * contrast.size, 1):
        return np.zeros_like(contrast), 0
    full = floor + 1 + int(np.searchsorted(counts[floor + 1 :].cumsum(), 0.75 * inked))
    is_tiny = (
        max(contrast.shape) <= TINY_SIDE
    )  # where every pixel's grey tells of the stroke's place
    low = 0 if is_tiny else max(floor, 0.3 * full)
    # The ramp from paper to ink keeps the anti-aliased rim of strokes.
    ramp = np.clip((_LEVELS - 0.5 * low) / max(0.85 * full - 0.5 * low, 1.0), 0, 1) * 255
    ramp[0.6 * low > _LEVELS] = 0
    return np.rint(ramp).astype(np.uint8)[contrast], full


def split_contrast(contrast: Grey, floor: int) -> int | None:
    """Part strong marks from weak ones, by Otsu's threshold on what exceeds the floor.

    Source: Otsu (1979), "A threshold selection method from gray-level histograms".

    Returns:
        A higher floor, or None if strong marks are not clearly stronger.
    """
    counts = _histogram(contrast)[floor + 1 :].astype(np.float64)
    levels = _LEVELS[floor + 1 :]
    below, sums = counts.cumsum(), (counts * levels).cumsum()
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    if not np.isfinite(between).any():
        return None
    best = int(np.nanargmax(between))
    weak, strong = sums[best] / below[best], (sums[-1] - sums[best]) / above[best]
    return floor + 1 + best if strong > CLEAR_SPLIT * weak else None


def region_of(box: Box, shape: tuple[int, ...]) -> tuple[float, float, float, float]:
    """Return a box as shares of a picture [H, W]: left, top, right, bottom, 0..1."""
    height, width = shape
    return box.left / width, box.top / height, box.right / width, box.bottom / height


def _smooth(grey: Grey) -> Grey:
    """Average 3x3 pixels, which quiets grain."""
    return np.asarray(Image.fromarray(grey).filter(ImageFilter.BoxBlur(1)))


def _histogram(grey: Grey) -> Counts:
    """Count the pixels of each grey level, intp [256]."""
    return np.bincount(grey.ravel(), minlength=256)


def _tiny_level(grey: Grey) -> float:
    """Return the level of the paper of a picture so small that the digit fills it from top to bottom.

    It is the darker or the brighter half of the levels, whichever prevails at the left and the right.
    """
    middle = (float(grey.min()) + float(grey.max())) / 2
    sides = np.concatenate(
        [grey[:, 0], grey[:, -1], grey[0, :2], grey[0, -2:], grey[-1, :2], grey[-1, -2:]]
    )
    is_bright = np.count_nonzero(sides > middle) > sides.size / 2
    return float(np.median(grey[(grey > middle) == is_bright]))


def _even_level(grey: Grey, counts: Counts) -> float | None:
    """Return the level of even paper, or None if no level prevails within and around."""
    level = int(np.convolve(counts, _LEVEL_WINDOW, "same").argmax())
    low, high = max(level - FLAT_SPREAD, 0), min(level + FLAT_SPREAD + 1, 256)
    share = counts[low:high].sum() / grey.size
    border = _border(grey)
    border_share = ((border >= low) & (border < high)).mean()
    if share < FLAT_SHARE or border_share < FLAT_BORDER_SHARE:
        return None
    return float(counts[low:high] @ _LEVELS[low:high] / counts[low:high].sum())


def _border(grey: Grey) -> Grey:
    """Return the outermost pixels, a twentieth of the side deep."""
    depth = max(1, min(grey.shape) // 20)
    return np.concatenate(
        [part.ravel() for part in (grey[:depth], grey[-depth:], grey[:, :depth], grey[:, -depth:])]
    )


def _is_ink_dark(smooth: Grey) -> bool:
    """Tell on which side of uneven paper the ink is.

    Ink is what both the curved surface and the close neighbourhood call dark (or light): patches of glare
    are wider than strokes, and the hollow of a digit is as bright as the paper.
    """
    fitted, picture = _fitted_surface(smooth), smooth.astype(np.float32)
    for share in (STROKE_SHARE, CLOSING_SHARE):
        dark = np.minimum(fitted, _closed(smooth, share)) - picture
        light = picture - np.maximum(fitted, ~_closed(~smooth, share))
        dark_excess, light_excess = _excess(dark), _excess(light)
        if max(dark_excess, light_excess) > MIN_CONTRAST * STROKE_AREA * smooth.size:
            break
    return dark_excess >= light_excess


def _excess(difference: Surface) -> float:
    """Sum up what exceeds the grain."""
    floor = _noise_floor(float(np.median(np.abs(difference))))
    return float(np.maximum(difference - floor, 0).sum())


def _even_paper(level: float, counts: Counts) -> Paper:
    """Describe paper of one level, given the pixels of each grey level."""
    difference = level - _LEVELS
    distance = np.abs(difference)
    order = np.argsort(distance, kind="stable")
    middle = int(np.searchsorted(counts[order].cumsum(), counts.sum() / 2))
    floor = _noise_floor(float(distance[order[middle]]))
    excess = np.maximum(distance - floor, 0) * counts
    is_light = bool(excess[difference > 0].sum() >= excess[difference < 0].sum())
    return Paper(np.full((1, 1), level, np.float32), is_light, round(floor))


def _noise_floor(median_deviation: float) -> float:
    """Return the contrast that grain reaches, from the median of its deviations."""
    return max(MIN_CONTRAST, min(NOISE_FACTOR * 1.4826 * median_deviation, MAX_NOISE_FLOOR))


def _fitted_surface(grey: Grey) -> Surface:
    """Fit a second-degree surface to what most pixels agree on (iteratively reweighted)."""
    factor = -(-max(grey.shape) // SURFACE_SIDE)
    values = np.asarray(Image.fromarray(grey).reduce(factor), np.float64).ravel()
    reduced = tuple(-(-side // factor) for side in grey.shape)
    terms, ridge = _surface_terms(reduced), 1e-3 * np.eye(6)
    weights = np.ones_like(values)
    for _ in range(SURFACE_FITS):
        weighted = terms * weights[:, np.newaxis]
        factors = np.linalg.solve(weighted.T @ terms + ridge, weighted.T @ values)
        residual = np.abs(values - terms @ factors)
        scale = max(1.4826 * float(np.median(residual)), 2.0)
        weights = 1 / (1 + (residual / scale) ** 2)
    return (_surface_terms(grey.shape) @ factors).reshape(grey.shape).astype(np.float32)


@functools.lru_cache(maxsize=64)
def _surface_terms(shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Return 1, x, y, xy, x2, y2 of every pixel, x and y from -1 to 1; float64 [H * W, 6]."""
    y, x = np.meshgrid(*(np.linspace(-1, 1, side) for side in shape), indexing="ij")
    return np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=-1).reshape(-1, 6)


def _closed(grey: Grey, share: float) -> Grey:
    """Close dark marks narrower than a share of the side: the paper as it would be without them."""
    reach = max(1, round(share * max(grey.shape) / 2))
    return ~_sliding_max(~_sliding_max(grey, reach), reach)


def _sliding_max(grey: Grey, reach: int) -> Grey:
    """Return the maximum over a square window of `2 * reach + 1`, by doubling windows."""
    for axis in (0, 1):
        padding = [(0, 0), (0, 0)]
        padding[axis] = (reach, reach)
        values = np.pad(grey, padding, mode="edge")
        if axis:
            values = values.T
        width, wanted = 1, 2 * reach + 1
        while width < wanted:
            step = min(width, wanted - width)
            values = np.maximum(values[:-step], values[step:])
            width += step
        grey = values.T if axis else values
    return np.ascontiguousarray(grey)
