"""Digits as data URLs, which JSON can carry and a page can show. A leaf: imports nothing of the service."""

import base64
import io

import numpy as np
import numpy.typing as npt
from PIL import Image


def to_data_url(image: npt.NDArray[np.uint8]) -> str:
    """Write a grey image uint8 [H, W] as the data URL of a PNG."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
