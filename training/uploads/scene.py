"""What every kind is made of: a picture, and apart from it the mask of what is ink.

    ink [H, W] + paper [H, W(, 3)] -> Scene -> effects -> uint8 picture

Every module of kinds and effects builds on this one.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from training.uploads import pixels
from training.uploads.pixels import Field, Size

Rng = np.random.Generator
Picture = npt.NDArray[np.uint8]

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

    def lit(self, light: Field) -> Self:
        """Multiply the picture by light: float32 [H, W], 1 = unchanged."""
        return replace(self, picture=self.picture * across(light, self.picture))

    def over(self, mask: Field, colour: tuple[float, ...], opacity: float = 1.0) -> Self:
        """Lay a flat colour over the picture where a mask (float32 [H, W], 0..1) says so."""
        return replace(self, picture=blend(self.picture, mask * np.float32(opacity), colour))

    def finish(self) -> Picture:
        """Return the picture as uint8 of the same shape."""
        return to_bytes(self.picture)


def across(field: Field, picture: Field) -> Field:
    """Repeat a field [H, W] over the channels of a picture, if it has any.

    NumPy broadcasts over a last axis of three numbers many times slower than over whole arrays.
    """
    return field if picture.ndim == 2 else pixels.stack(*[field] * picture.shape[2])


def blend(picture: Field, alpha: Field, colour: tuple[float, ...]) -> Field:
    """Mix a flat colour into a picture.

    Args:
        picture: float32 [H, W] or [H, W, 3].
        alpha: float32 [H, W]; 0 = picture, 1 = colour.
        colour: RGB, 0..255; a grey picture takes its luma.

    Returns:
        float32 of the picture's shape.
    """
    kept = across(1 - alpha, picture) * picture
    if picture.ndim == 2:
        return kept + alpha * np.float32(luma(colour))
    kept += pixels.stack(*(alpha * np.float32(channel) for channel in colour))
    return kept


def mix(picture: Field, other: Field, alpha: Field) -> Field:
    """Mix a picture into another of the same shape: alpha float32 [H, W], 0 = the first."""
    return picture + (other - picture) * across(alpha, picture)


def flat(size: Size, colour: tuple[float, ...]) -> Field:
    """Return a picture of one colour, float32 [H, W, 3]; grey colours give [H, W]."""
    if colour[0] == colour[1] == colour[2]:
        return np.full(size, colour[0], np.float32)
    return pixels.stack(*(np.full(size, channel, np.float32) for channel in colour))


def coloured(picture: Field) -> Field:
    """Return a picture with three channels, float32 [H, W, 3]."""
    return picture if picture.ndim == 3 else pixels.stack(picture, picture, picture)


def to_bytes(picture: Field) -> Picture:
    """Round a picture to uint8; values outside 0..255 are cut."""
    return (np.clip(picture, 0, 255) + np.float32(0.5)).astype(np.uint8)


def size_of(picture: Field) -> Size:
    """Return height and width of a picture."""
    return picture.shape[0], picture.shape[1]


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
