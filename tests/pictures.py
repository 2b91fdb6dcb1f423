"""Pictures for tests: digits drawn by strokes, on any paper, in any file format."""

import io
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SEVEN = ((0.2, 0.15), (0.8, 0.12), (0.45, 0.9))
ONE = ((0.5, 0.1), (0.5, 0.9))


def draw(
    strokes: tuple[tuple[float, float], ...] = SEVEN,
    *,
    size: tuple[int, int] = (280, 280),
    ink: int = 0,
    paper: int = 255,
    at: tuple[float, float, float] = (0.2, 0.2, 0.6),
) -> Image.Image:
    """Draw a digit in grey.

    Args:
        strokes: Corners of one line, in parts of the digit's box.
        size: Width and height in pixels.
        ink: Grey of the pen, 0..255.
        paper: Grey of the paper, 0..255.
        at: Left, top and side of the digit's box, in parts of the shorter side.
    """
    image = Image.new("L", size, paper)
    unit = min(size)
    left, top, side = (part * unit for part in at)
    corners = [(left + x * side, top + y * side) for x, y in strokes]
    ImageDraw.Draw(image).line(corners, fill=ink, width=max(2, round(side * 0.12)), joint="curve")
    return image


def photo(*, size: tuple[int, int] = (600, 400)) -> Image.Image:
    """Draw a 7 as a photo shows it: warm paper, light from one side, grain, soft edges."""
    paper = np.asarray(draw(size=size, ink=60, paper=225, at=(0.5, 0.2, 0.6)), np.float32)
    light = np.linspace(0.75, 1.05, size[0], dtype=np.float32)
    grain = np.random.default_rng(1).normal(0, 3, paper.shape).astype(np.float32)
    grey = np.clip(paper * light + grain, 0, 255)
    channels = np.stack([grey, grey * 0.97, grey * 0.9], axis=-1).astype(np.uint8)
    return Image.fromarray(channels).filter(ImageFilter.GaussianBlur(1))


def encode(image: Image.Image, file_format: str = "PNG", **options: Any) -> bytes:
    """Write a picture as the bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()
