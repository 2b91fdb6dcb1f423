"""A zip of pictures in folders named by their digit, such as `mnist/test/7/a.png`.

archive -> labels from the folders -> pictures, unpacked one at a time

The folder tells the label and the bytes the format: no extension is looked at.
"""

import zipfile
from collections.abc import Iterator

import numpy as np

from service.errors import LabelledDataError
from service.labelled_data.archive import ZIP_SIGNATURES, open_member
from service.labelled_data.items import LabelledData, LabelledDataLimits, LabelledItem, quote

DIGITS = frozenset("0123456789")  # not str.isdigit, which takes the digits of every script
CURRENT_FOLDERS = frozenset({"", ".", ".."})
# What macOS and Windows leave in folders, besides the dot-files.
JUNK = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})


def read_picture_zip(archive: zipfile.ZipFile, limits: LabelledDataLimits) -> LabelledData:
    """Take the labels from a zip's folders; the pictures are unpacked when iterating.

    Raises:
        LabelledDataError: If it holds no pictures or too many, or one outside a digit's folder.
            Iterating raises it at a picture that is damaged, a zip itself, or over a bound.
    """
    members = [
        member
        for member in archive.infolist()
        # Not `is_dir`: on a member without a name it fails.
        if not member.filename.endswith("/") and not _is_junk(member.filename)
    ]
    limits.check_num_images(len(members))
    labels = np.array([_label_of(archive, member) for member in members], dtype=np.int64)

    def read_items() -> Iterator[LabelledItem]:
        num_bytes = 0
        for member, label in zip(members, labels, strict=True):
            picture = _read_picture(archive, member, limits)
            num_bytes += len(picture)
            limits.check_expanded_bytes(num_bytes)
            yield LabelledItem(member.filename, int(label), picture)

    return LabelledData(labels, read_items)


def _path(member_name: str) -> list[str]:
    """Split a member's name into its folders and its file; some packers write backslashes."""
    parts = member_name.replace("\\", "/").split("/")
    return [part for part in parts if part not in CURRENT_FOLDERS]


def _is_junk(member_name: str) -> bool:
    """Tell whether a member is one that operating systems add by themselves."""
    return any(part in JUNK or part.startswith(".") for part in _path(member_name))


def _label_of(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    """Return the digit that the last folder of a single digit names."""
    for folder in reversed(_path(member.filename)[:-1]):
        if folder in DIGITS:
            return int(folder)
    with open_member(archive, member) as stream:
        start = stream.read(4)
    _check_no_zip(member, start)
    raise LabelledDataError(
        f"{quote(member.filename)} in the zip is not in a folder named by a digit, 0 to 9. "
        "Name each picture <label>/<any>.png, such as 7/a.png."
    )


def _read_picture(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, limits: LabelledDataLimits
) -> bytes:
    """Return the bytes of one picture, at most `max_member_bytes`."""
    with open_member(archive, member) as stream:
        picture = stream.read(limits.max_member_bytes + 1)
    if len(picture) > limits.max_member_bytes:
        raise LabelledDataError(
            f"{quote(member.filename)} in the zip unpacks to more than the "
            f"{limits.max_member_bytes:,} bytes that are accepted for one picture. Make it smaller."
        )
    _check_no_zip(member, picture)
    return picture


def _check_no_zip(member: zipfile.ZipInfo, start: bytes) -> None:
    """Raise LabelledDataError if a member starts as a zip does."""
    if start.startswith(ZIP_SIGNATURES):
        raise LabelledDataError(
            f"{quote(member.filename)} in the zip is a zip itself; the members must be pictures. "
            "Unpack it and send the pictures in one zip."
        )
