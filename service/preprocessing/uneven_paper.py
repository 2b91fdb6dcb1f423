"""Uneven paper: its brightness around each pixel, under shadows, glare and light from one side.

grey -> curved surface fitted to most pixels, and marks closed -> side of the ink -> its marks closed -> Paper
"""

import functools

import numpy as np
import numpy.typing as npt
from PIL import Image

from service.preprocessing.decoding import Grey
from service.preprocessing.morphology import close
from service.preprocessing.paper import (
    DEVIATIONS_PER_MEDIAN,
    MIN_CONTRAST,
    Paper,
    Surface,
    median,
    noise_floor,
    smooth,
)

CLOSING_SHARE = 0.2  # of the side; wider marks than this are paper of another brightness
STROKE_SHARE = 0.08  # of the side; the strokes of most pens are narrower
STROKE_AREA = 0.004  # of the picture that the strokes of a digit cover at least
SURFACE_SIDE = 48  # pixels; the surface is fitted on a picture of at most this size
SURFACE_FITS = 6  # rounds of the robust fit
SURFACE_TERMS = 6  # 1, x, y, xy, x2, y2
MIN_RESIDUAL = 2.0  # grey levels; what differs less agrees with the surface
_RIDGE = 1e-3 * np.eye(SURFACE_TERMS)  # keeps the fit solvable on pictures of one row or column


def measure_uneven_paper(grey: Grey) -> Paper:
    """Measure paper whose brightness varies.

    A curved surface is fitted to what most pixels agree on, to tell on which side the ink is; then marks
    of that side are closed.

    Args:
        grey: uint8 [H, W], of analysis size.
    """
    quiet = smooth(grey)
    is_light = _is_ink_dark(quiet)
    bare = _without_dark(quiet, CLOSING_SHARE) if is_light else _without_light(quiet, CLOSING_SHARE)
    surface = bare.astype(np.float32)
    difference = surface - grey if is_light else grey - surface
    grain = np.float32(median(difference))  # closing follows the brightest grains
    surface = surface - grain if is_light else surface + grain
    return Paper(surface, is_light, round(noise_floor(difference - grain)))


def _is_ink_dark(quiet: Grey) -> bool:
    """Tell on which side of uneven paper the ink is.

    Ink is what both the curved surface and the close neighbourhood call dark (or light): patches of glare
    are wider than strokes, and the hollow of a digit is as bright as the paper. Where strokes are wide,
    the neighbourhood is.
    """
    fitted, levels = _fitted_surface(quiet), quiet.astype(np.float32)
    for share in (STROKE_SHARE, CLOSING_SHARE):
        dark = _excess(np.minimum(fitted, _without_dark(quiet, share)) - levels)
        light = _excess(levels - np.maximum(fitted, _without_light(quiet, share)))
        if max(dark, light) > MIN_CONTRAST * STROKE_AREA * quiet.size:
            break
    return dark >= light


def _without_dark(grey: Grey, share: float) -> Grey:
    """Close dark marks narrower than a share of the longer side: the paper as it would be without them."""
    return close(grey, max(1, round(share * max(grey.shape) / 2)))


def _without_light(grey: Grey, share: float) -> Grey:
    """Close light marks narrower than a share of the longer side."""
    return ~_without_dark(~grey, share)


def _excess(difference: Surface) -> float:
    """Sum up what exceeds the grain, in grey levels."""
    return float(np.maximum(difference - noise_floor(difference), 0).sum())


def _fitted_surface(grey: Grey) -> Surface:
    """Fit a second-degree surface to what most pixels agree on, float32 [H, W].

    Source: Holland and Welsch (1977), "Robust regression using iteratively reweighted least-squares",
    with Cauchy weights.
    """
    factor = -(-max(grey.shape) // SURFACE_SIDE)
    reduced = np.asarray(Image.fromarray(grey).reduce(factor), np.float64)
    values, terms = reduced.ravel(), _surface_terms(reduced.shape)
    weights = np.ones_like(values)
    for _ in range(SURFACE_FITS):
        factors = _least_squares(terms, values, weights)
        residual = np.abs(values - factors @ terms)
        scale = max(DEVIATIONS_PER_MEDIAN * median(residual), MIN_RESIDUAL)
        weights = 1 / (1 + (residual / scale) ** 2)
    return _surface_of(factors, grey.shape)


def _least_squares(
    terms: npt.NDArray[np.float64],
    values: npt.NDArray[np.float64],
    weights: npt.NDArray[np.float64],
) -> npt.NDArray[np.floating]:
    """Return the factors of the terms, float64 [6], that come nearest to the values, by weight."""
    weighted = terms * weights
    factors: npt.NDArray[np.floating] = np.linalg.solve(
        weighted @ terms.T + _RIDGE, weighted @ values
    )
    return factors


def _surface_of(factors: npt.NDArray[np.floating], shape: tuple[int, ...]) -> Surface:
    """Return what the terms with their factors, float64 [6], amount to in every pixel, float32 [H, W]."""
    one, by_x, by_y, by_xy, by_xx, by_yy = factors
    y, x = (np.linspace(-1, 1, side) for side in shape)
    along = one + x * (by_x + by_xx * x)
    down = y * (by_y + by_yy * y)
    surface: Surface = (along + down[:, np.newaxis] + by_xy * np.outer(y, x)).astype(np.float32)
    return surface


@functools.lru_cache(maxsize=8)  # of at most 110 kB; photos have few shapes
def _surface_terms(shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Return 1, x, y, xy, x2, y2 of every pixel, x and y from -1 to 1; float64 [6, H * W], not to be written to."""
    y, x = np.meshgrid(*(np.linspace(-1, 1, side) for side in shape), indexing="ij")
    terms = [np.ones_like(x), x, y, x * y, x * x, y * y]
    return np.stack(terms).reshape(SURFACE_TERMS, -1)
