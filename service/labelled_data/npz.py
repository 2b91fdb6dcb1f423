"""An `.npz` with the arrays `images` and `labels`.

archive -> headers, checked -> values, checked -> LabelledData

What a person may send as an array is decided here; `npy` knows the file format.
"""

import re
import zipfile
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from service.errors import LabelledDataError
from service.labelled_data.items import (
    LabelledData,
    LabelledDataLimits,
    LabelledItem,
    check_image_size,
    check_labels,
    quote,
)
from service.labelled_data.npy import ArrayHeader, read_array, read_header

IMAGES = "images.npy"
LABELS = "labels.npy"
NPY_NAME = re.compile(r"[^/\\]+\.npy")  # in no folder: those below a digit may be pictures
MAX_NAMES_QUOTED = 8


def is_npz(archive: zipfile.ZipFile) -> bool:
    """Tell whether a zip is an `.npz`: it has one of our arrays, or nothing but arrays."""
    names = archive.namelist()
    is_all_arrays = bool(names) and all(NPY_NAME.fullmatch(name) for name in names)
    return is_all_arrays or IMAGES in names or LABELS in names


def read_npz(archive: zipfile.ZipFile, limits: LabelledDataLimits) -> LabelledData:
    """Read `images` and `labels`; other arrays are left alone.

    `images` are uint8 0..255, float 0..1 or bool, [N, H, W] or [N, H, W, 1]; `labels` are
    integers [N], 0..9. Floats and bools become uint8 while iterating, one image at a time.

    Raises:
        LabelledDataError: If an array is missing, damaged, over a bound or not as above.
    """
    for name in (IMAGES, LABELS):
        _check_present(archive, name)
    images_header = read_header(archive, IMAGES)
    labels_header = read_header(archive, LABELS)
    _check_images_header(images_header, limits)
    _check_labels_header(labels_header)
    limits.check_expanded_bytes(images_header.num_bytes + labels_header.num_bytes)

    images = read_array(archive, IMAGES, images_header).reshape(images_header.shape[:3])
    _check_unit_range(images)
    labels = check_labels(read_array(archive, LABELS, labels_header), num_images=len(images))

    def read_items() -> Iterator[LabelledItem]:
        for index, (image, label) in enumerate(zip(images, labels, strict=True)):
            yield LabelledItem(f"images[{index}]", int(label), _to_grey(image))

    return LabelledData(labels, read_items)


def _check_present(archive: zipfile.ZipFile, name: str) -> None:
    """Raise LabelledDataError if the archive lacks an array."""
    names = archive.namelist()
    if name not in names:
        raise LabelledDataError(
            f"The .npz has no {name}; it holds {', '.join(map(quote, names[:MAX_NAMES_QUOTED]))}. "
            "Save it with numpy.savez(file, images=images, labels=labels)."
        )


def _check_images_header(header: ArrayHeader, limits: LabelledDataLimits) -> None:
    """Raise LabelledDataError unless these are grey images within the bounds."""
    if header.dtype.kind not in "bf" and header.dtype != np.uint8:
        raise LabelledDataError(
            f"images is of dtype {header.dtype.name}; expected uint8 0 to 255, float 0 to 1, "
            "or bool."
        )
    if header.shape[3:] not in {(), (1,)} or len(header.shape) < 3:
        raise LabelledDataError(
            f"images has the shape {list(header.shape)}; expected [N, H, W] or [N, H, W, 1], "
            "grey images."
        )
    limits.check_num_images(header.shape[0])
    check_image_size(header.shape[1], header.shape[2])


def _check_labels_header(header: ArrayHeader) -> None:
    """Raise LabelledDataError unless these are integers, one for each image."""
    if header.dtype.kind not in "iu" or len(header.shape) != 1:
        raise LabelledDataError(
            f"labels is {header.dtype.name} {list(header.shape)}; expected integers [N], 0 to 9."
        )


def _check_unit_range(images: npt.NDArray[np.generic]) -> None:
    """Raise LabelledDataError if floats leave 0..1."""
    if not np.issubdtype(images.dtype, np.floating):
        return
    lowest, highest = float(images.min()), float(images.max())
    # Said so that NaN, which compares false with everything, fails too.
    if not (lowest >= 0 and highest <= 1):
        raise LabelledDataError(
            f"images is of dtype {images.dtype.name} and ranges from {lowest:g} to {highest:g}; "
            "expected 0 to 1. Divide by 255, or save uint8."
        )


def _to_grey(image: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    """Return an image [H, W] of any accepted dtype as uint8 0..255."""
    if image.dtype == np.uint8:
        return np.ascontiguousarray(image, dtype=np.uint8)
    if image.dtype == np.bool_:
        # A file may hold a "bool" of 2; any byte but 0 is true.
        return np.where(image.view(np.uint8) != 0, np.uint8(255), np.uint8(0))
    return np.rint(image.astype(np.float32) * 255).astype(np.uint8)
