"""A zip of pictures in folders named by their digit, such as `mnist/test/7/a.png`.

archive -> labels from the folders -> pictures, unpacked one at a time

The folder tells the label and the bytes the format: no extension is looked at.
"""

import zipfile
from collections.abc import Iterator

import numpy as np

from service.errors import LabelledDataError
from service.labelled_data.archive import (
    check_no_zip,
    list_pictures,
    open_member,
    read_picture,
    split_path,
)
from service.labelled_data.items import LabelledData, LabelledDataLimits, LabelledItem, quote

DIGITS = frozenset("0123456789")  # not str.isdigit, which takes the digits of every script


def read_picture_zip(archive: zipfile.ZipFile, limits: LabelledDataLimits) -> LabelledData:
    """Take the labels from a zip's folders; the pictures are unpacked when iterating.

    Raises:
        LabelledDataError: If it holds no pictures or too many, or one outside a digit's folder.
            Iterating raises it at a picture that is damaged, a zip itself, or over a bound.
    """
    members = list_pictures(archive, limits)
    labels = np.array([_label_of(archive, member) for member in members], dtype=np.int64)

    def read_items() -> Iterator[LabelledItem]:
        num_bytes = 0
        for member, label in zip(members, labels, strict=True):
            picture = read_picture(archive, member, limits)
            num_bytes += len(picture)
            limits.check_expanded_bytes(num_bytes)
            yield LabelledItem(member.filename, int(label), picture)

    return LabelledData(labels, read_items)


def _label_of(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    """Return the digit that the last folder of a single digit names."""
    for folder in reversed(split_path(member.filename)[:-1]):
        if folder in DIGITS:
            return int(folder)
    with open_member(archive, member) as stream:
        start = stream.read(4)
    check_no_zip(member, start)
    raise LabelledDataError(
        f"{quote(member.filename)} in the zip is not in a folder named by a digit, 0 to 9. "
        "Name each picture <label>/<any>.png, such as 7/a.png."
    )
