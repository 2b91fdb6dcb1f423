"""What every kind is made of: a picture, and apart from it the mask of what is ink.

    ink [H, W] + paper [H, W(, 3)] -> Scene -> effects -> uint8 picture

This module is a leaf of `training.uploads`.
"""

from dataclasses import dataclass, replace
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

Rng = np.random.Generator
Field = npt.NDArray[np.float32]
Picture = npt.NDArray[np.uint8]
Size = tuple[int, int]

WHITE = (255.0, 255.0, 255.0)
BLACK = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Scene:
    """A picture that is being made.

    Attributes:
        picture: float32 [H, W] or [H, W, 3] (RGB); 0..255, may leave this range until `finish`.
        ink: float32 [H, W]; 0..1, the share of each pixel that the digit's ink covers. Effects that
            move pixels move it too; light, noise and blur leave it alone.
    """

    picture: Field
    ink: Field

    def lit(self, light: Field | float) -> Self:
        """Multiply the picture by light: float32 [H, W], 1 = unchanged, or one number."""
        return replace(self, picture=self.picture * across(light, self.picture))

    def over(self, mask: Field, colour: tuple[float, ...], opacity: float = 1.0) -> Self:
        """Lay a flat colour over the picture where a mask (float32 [H, W], 0..1) says so."""
        return replace(self, picture=blend(self.picture, mask * np.float32(opacity), colour))

    def finish(self) -> Picture:
        """Return the picture as uint8 of the same shape."""
        return to_bytes(self.picture)


def across(field: Field | float, picture: Field) -> Field | float:
    """Give a field [H, W] a channel axis if the picture has one, so that the two broadcast."""
    return field if isinstance(field, int | float) or picture.ndim == 2 else field[..., None]


def blend(picture: Field, alpha: Field, colour: tuple[float, ...]) -> Field:
    """Mix a flat colour into a picture.

    Args:
        picture: float32 [H, W] or [H, W, 3].
        alpha: float32 [H, W]; 0 = picture, 1 = colour.
        colour: RGB, 0..255; a grey picture takes its luma.

    Returns:
        float32 of the picture's shape.
    """
    value = np.float32(luma(colour)) if picture.ndim == 2 else np.asarray(colour, np.float32)
    result = value - picture
    result *= across(alpha, picture)
    result += picture
    return result


def flat(size: Size, colour: tuple[float, ...]) -> Field:
    """Return a picture of one colour, float32 [H, W, 3]; grey colours give [H, W]."""
    if colour[0] == colour[1] == colour[2]:
        return np.full(size, colour[0], np.float32)
    return np.broadcast_to(np.asarray(colour, np.float32), (*size, 3)).copy()


def coloured(picture: Field) -> Field:
    """Return a picture with three channels, float32 [H, W, 3]."""
    return picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)


def to_bytes(picture: Field) -> Picture:
    """Round a picture to uint8; values outside 0..255 are cut."""
    return cv2.convertScaleAbs(np.clip(picture, 0, 255, dtype=np.float32)).astype(
        np.uint8, copy=False
    )


def luma(colour: tuple[float, ...]) -> float:
    """Return the brightness of an RGB colour, 0..255. Source: ITU-R BT.601."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def uniform(rng: Rng, low: float, high: float) -> float:
    """Draw a number from [low, high)."""
    return low + (high - low) * float(rng.random())


def chance(rng: Rng, probability: float) -> bool:
    """Toss a coin that falls true with a probability."""
    return bool(rng.random() < probability)


def pick(rng: Rng, *options: float) -> float:
    """Pick one of some numbers, all equally likely."""
    return options[int(rng.integers(len(options)))]


def draw_size(rng: Rng, *, median: float = 185.0) -> Size:
    """Draw height and width of a picture: 100..420 pixels, mostly 120..300, a little oblong."""
    side = float(np.clip(median * np.exp(rng.normal(0, 0.3)), 110, 380))
    stretch = float(np.exp(np.clip(rng.normal(0, 0.12), -0.3, 0.3)))
    return (
        int(np.clip(side * stretch, 100, 420)),
        int(np.clip(side / stretch, 100, 420)),
    )
