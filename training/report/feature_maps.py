"""How a digit travels through the network: what every convolution and pool makes of it."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from training.feeding import normalise
from training.report.png import contact_sheet, encode_png, grey_tiles, signed_tiles

KINDS = {"convolution": keras.layers.Conv2D, "pool": keras.layers.MaxPooling2D}
FEW_MAPS = 16  # up to here 8 large tiles in a row, beyond 12 smaller ones
LARGE_TILE = 112  # pixels, 4 x 28
FILTER_GAP = 8  # pixels
SMALL_TILE = 70  # pixels, 5 x 14


@dataclass(frozen=True, eq=False)
class Stage:
    """One step on the digit's way.

    Attributes:
        kind: `convolution` or `pool`.
        number: Count among its kind, from 1.
        maps: float32 [K, H, W], the layer's output; not below 0 after a ReLU.
    """

    kind: str
    number: int
    maps: npt.NDArray[np.float32]

    @property
    def file_name(self) -> str:
        """Name of its picture."""
        return f"{self.kind}-{self.number}.png"

    @property
    def title(self) -> str:
        """Its name and sizes, HTML."""
        count, height, width = self.maps.shape
        return f"{self.kind.capitalize()} {self.number}: {count} maps of {height}&times;{width}"


def trace(model: Any, digit: npt.NDArray[np.uint8]) -> list[Stage]:
    """Follow one digit through the convolutions and pools of a network, in their order.

    Args:
        model: `keras.Model` of float32 [N, 28, 28, 1].
        digit: uint8 [28, 28].

    Returns:
        One stage per layer; none for a network without such layers.
    """
    found = [(kind, layer) for layer in model.layers if (kind := _kind(layer))]
    if not found:
        return []
    tap = keras.Model(model.inputs, [layer.output for _, layer in found])
    outputs = tap.predict(normalise(digit[np.newaxis]), verbose=0)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    stages: list[Stage] = []
    for (kind, _), output in zip(found, outputs, strict=True):
        number = 1 + sum(stage.kind == kind for stage in stages)
        stages.append(Stage(kind, number, output[0].transpose(2, 0, 1)))
    return stages


def first_filters(model: Any) -> npt.NDArray[np.float32] | None:
    """Return the weights of the first convolution as float32 [K, H, W], None without one."""
    for layer in model.layers:
        if _kind(layer) == "convolution":
            weights: npt.NDArray[np.float32] = layer.get_weights()[0]
            return weights[:, :, 0, :].transpose(2, 0, 1)
    return None


def stage_png(stage: Stage) -> bytes:
    """Draw all maps of a stage side by side."""
    is_few = len(stage.maps) <= FEW_MAPS
    columns, tile_pixels = (8, LARGE_TILE) if is_few else (12, SMALL_TILE)
    tiles = grey_tiles(stage.maps)
    return encode_png(contact_sheet(tiles, columns=columns, tile_pixels=tile_pixels))


def filters_png(filters: npt.NDArray[np.float32]) -> bytes:
    """Draw filters [K, H, W] side by side: blue below 0, orange above, wide gaps to tell them apart."""
    sheet = contact_sheet(
        signed_tiles(filters), columns=8, tile_pixels=LARGE_TILE, gap_pixels=FILTER_GAP
    )
    return encode_png(sheet)


def signed_png(values: npt.NDArray[np.floating], *, tile_pixels: int) -> bytes:
    """Draw one filter or filtered digit [H, W] of either sign: blue below 0, orange above."""
    tiles = signed_tiles(values[np.newaxis])
    return encode_png(contact_sheet(tiles, columns=1, tile_pixels=tile_pixels))


def digit_png(digit: npt.NDArray[np.uint8], *, tile_pixels: int) -> bytes:
    """Draw one digit uint8 [28, 28] as ink on white paper."""
    tiles = grey_tiles(digit[np.newaxis] / 255)
    return encode_png(contact_sheet(tiles, columns=1, tile_pixels=tile_pixels))


def _kind(layer: Any) -> str | None:
    """Name the kind of a layer, None if a digit's picture does not show it."""
    return next(
        (kind for kind, layer_class in KINDS.items() if isinstance(layer, layer_class)), None
    )
