"""Pictures in answers: canonical digits as data URLs."""

import base64
import io

import numpy as np
import numpy.typing as npt
from PIL import Image


def to_data_url(digit: npt.NDArray[np.uint8]) -> str:
    """Write a uint8 [28, 28] digit as the data URL of a grey PNG."""
    buffer = io.BytesIO()
    Image.fromarray(digit).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
