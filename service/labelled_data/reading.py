"""Which of the three forms an upload has, as its bytes tell.

files -> signatures -> picture_zip, npz or idx -> LabelledData

Names and content types are never looked at: people send anything under any name.
"""

from collections.abc import Sequence

from service.errors import (
    EmptyUploadError,
    LabelledDataError,
    TooManyFilesError,
    UnsupportedMediaError,
)
from service.labelled_data.archive import ZIP_SIGNATURES, open_archive
from service.labelled_data.idx import idx_kind, read_idx_pair
from service.labelled_data.items import LabelledData, LabelledDataLimits
from service.labelled_data.npz import is_npz, read_npz
from service.labelled_data.picture_zip import read_picture_zip

FORMS = (
    "a zip of <label>/<any>.png, an .npz with images and labels, "
    "or an IDX image file and its IDX label file, gzip-compressed or not"
)


def read_labelled_data(files: Sequence[bytes], limits: LabelledDataLimits) -> LabelledData:
    """Turn the files of one upload into labelled items.

    Args:
        files: The contents of the upload's files, in any order; empty ones are what a form sends
            for fields left blank, and count for nothing.
        limits: The bounds of what they may unpack to.

    Returns:
        At least one item. Arrays are read and checked at once, pictures when iterating.

    Raises:
        EmptyUploadError: If there is no byte.
        TooManyFilesError: If there are more than two files.
        UnsupportedMediaError: If a file is none of the three forms.
        LabelledDataError: If the data breaks a rule of its form, or a bound.
    """
    files = [file for file in files if file]
    if not files:
        raise EmptyUploadError(f"The upload is empty; send {FORMS}.")
    if len(files) > 2:
        raise TooManyFilesError(f"The upload holds {len(files)} files; send {FORMS}.")
    are_zips = [file.startswith(ZIP_SIGNATURES) for file in files]
    if are_zips == [True]:
        return _read_zip(files[0], limits)
    if any(are_zips):
        raise LabelledDataError("A zip or an .npz must be sent alone, not with another file.")
    if any(idx_kind(file) is None for file in files):
        raise UnsupportedMediaError(f"The bytes are no labelled data that we take; send {FORMS}.")
    return read_idx_pair(files, limits)


def _read_zip(file: bytes, limits: LabelledDataLimits) -> LabelledData:
    """Read a zip as the one of its two forms that it has."""
    archive = open_archive(file, limits)
    if is_npz(archive):
        return read_npz(archive, limits)
    return read_picture_zip(archive, limits)
