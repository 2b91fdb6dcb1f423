"""Digits of other origin than MNIST's, and MNIST's spoilt: files for the benchmark beside the uploads.

UCI's digits of 8x8 pixels; validation digits -> training.corruptions -> PNG -> Upload
"""

import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from service.bundle import LabelledDigits
from training.corruptions import CORRUPTIONS, corrupt
from training.errors import ResultsError
from training.upload_benchmark import Upload

CORRUPTION_SEED = 5
UCI_KIND = "UCI optical digits, 8x8"
UCI_SIDE = 8  # pixels
UCI_COUNTS = 16  # of ink in a pixel at most


def uci_digits(path: Path) -> list[Upload]:
    """Read the test part of UCI's digits: 1,797 pictures of 8x8 pixels, of 13 writers.

    Args:
        path: `digits.csv.gz`, as scikit-learn has it: in a row 64 counts of ink, 0..16, and the label.

    Raises:
        ResultsError: If the file is missing or another.

    Source: Alpaydin and Kaynak (1998), "Optical Recognition of Handwritten Digits", UCI Machine
    Learning Repository, https://doi.org/10.24432/C50P49 (CC BY 4.0).
    """
    try:
        with gzip.open(path, "rt", encoding="ascii") as file:
            rows = np.loadtxt(file, np.uint8, delimiter=",", ndmin=2)
        counts, labels = rows[:, :-1].reshape(-1, UCI_SIDE, UCI_SIDE), rows[:, -1]
        if counts.max() > UCI_COUNTS or labels.max() > 9:
            raise ValueError
    except (OSError, EOFError, ValueError) as cause:
        raise ResultsError(
            f"{path} does not hold UCI's digits: 64 counts from 0 to 16 and a label in a row, gzipped. "
            "docs/uploads.md says how to get them."
        ) from cause
    images = np.minimum(counts.astype(np.uint16) * 16, 255).astype(np.uint8)
    return [
        Upload(_png(image), int(label), UCI_KIND)
        for image, label in zip(images, labels, strict=True)
    ]


def corrupted_digits(digits: LabelledDigits, seed: int = CORRUPTION_SEED) -> Iterator[Upload]:
    """Spoil every digit in every way of `CORRUPTIONS`; the kind is the way's name."""
    for number, name in enumerate(CORRUPTIONS):
        for index, (image, label) in enumerate(zip(digits.images, digits.labels, strict=True)):
            rng = np.random.default_rng([seed, number, index])
            yield Upload(_png(corrupt(name, image, rng)), int(label), name)


def _png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Encode uint8 [H, W] as a grey PNG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
