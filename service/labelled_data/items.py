"""What labelled data is, and the rules that all its forms share.

    form's reader -> checks of this module -> LabelledData

A leaf of the package: imports only the errors and NumPy.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.errors import LabelledDataError

MAX_SIDE_PIXELS = 4096  # of an image that comes as an array; 16 megapixels, as for pictures
MAX_QUOTED_CHARACTERS = 80


@dataclass(frozen=True)
class LabelledDataLimits:
    """Bounds of what an upload may unpack to; the body itself is bounded elsewhere.

    Attributes:
        max_images: Most images in one upload.
        max_expanded_bytes: Most bytes in all, after decompression.
        max_member_bytes: Most bytes of one picture in a zip, after decompression.
    """

    max_images: int
    max_expanded_bytes: int
    max_member_bytes: int

    def check_num_images(self, num_images: int) -> None:
        """Raise LabelledDataError unless there are 1 to `max_images` images."""
        if num_images == 0:
            raise LabelledDataError("The upload holds no images; send at least one.")
        if num_images > self.max_images:
            raise LabelledDataError(
                f"The upload holds {num_images:,} images; at most {self.max_images:,} are "
                "accepted. Send fewer at a time."
            )

    def check_expanded_bytes(self, num_bytes: int) -> None:
        """Raise LabelledDataError if that many bytes in all are too many."""
        if num_bytes > self.max_expanded_bytes:
            raise LabelledDataError(
                "The upload unpacks to more bytes than the "
                f"{self.max_expanded_bytes:,} that are accepted. Send fewer images at a time."
            )


@dataclass(frozen=True, eq=False)
class LabelledItem:
    """One image and what it shows.

    Attributes:
        name: Where it stands in the upload: a zip member's path, or `images[17]`. Client's text.
        label: Digit, 0..9.
        image: An encoded picture for the decoder, or a grey image uint8 [H, W] of any polarity,
            H and W 1..4096; it may be read-only.
    """

    name: str
    label: int
    image: bytes | npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class LabelledData:
    """The items of one upload; iterate as often as needed.

    Iterating unpacks one item at a time and raises `LabelledDataError` where one is damaged or
    passes a bound, for what a zip's directory says of its members cannot be trusted.

    Attributes:
        labels: int64 [N], 0..9, N at least 1, in the order of the items.
        read_items: Starts a new pass over the items.
    """

    labels: npt.NDArray[np.int64]
    read_items: Callable[[], Iterator[LabelledItem]]

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[LabelledItem]:
        return self.read_items()


def label_images(images: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64]) -> LabelledData:
    """Return grey images uint8 [N, H, W] with their labels int64 [N] as labelled data."""

    def read_items() -> Iterator[LabelledItem]:
        for index, (image, label) in enumerate(zip(images, labels, strict=True)):
            yield LabelledItem(f"images[{index}]", int(label), image)

    return LabelledData(labels, read_items)


def check_image_size(height: int, width: int) -> None:
    """Raise LabelledDataError unless an image has 1 to 4096 pixels a side."""
    if not (1 <= height <= MAX_SIDE_PIXELS and 1 <= width <= MAX_SIDE_PIXELS):
        raise LabelledDataError(
            f"The images are {width:,} by {height:,} pixels; "
            f"1 to {MAX_SIDE_PIXELS:,} a side are accepted."
        )


def check_labels(labels: npt.NDArray[np.generic], *, num_images: int) -> npt.NDArray[np.int64]:
    """Return integer labels [N] as int64; raise LabelledDataError unless each image has a digit."""
    if len(labels) != num_images:
        raise LabelledDataError(
            f"There are {num_images:,} images but {len(labels):,} labels; "
            "each image needs one label."
        )
    digits = labels.astype(np.int64)  # 64-bit unsigned ones that do not fit turn negative
    wrong = np.flatnonzero((digits < 0) | (digits > 9))
    if len(wrong):
        raise LabelledDataError(
            f"labels[{wrong[0]}] is {labels[wrong[0]]}; every label must be a digit, 0 to 9."
        )
    return digits


def quote(name: str) -> str:
    """Return a client's name for an error message: printable, on one line, of bounded length."""
    if len(name) > MAX_QUOTED_CHARACTERS:
        name = "…" + name[-MAX_QUOTED_CHARACTERS:]
    return repr(name)
