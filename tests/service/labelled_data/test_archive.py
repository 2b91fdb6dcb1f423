"""Tests of opening zips: damage, encryption, compressions and too many members."""

import struct
import zipfile

import pytest

from service.errors import LabelledDataError
from tests.service.labelled_data.files import PICTURE, make_npz, make_zip, memory_stays_flat, read

ZIP = make_zip({"7/a.png": PICTURE}, zipfile.ZIP_STORED)
DIRECTORY = ZIP.index(b"PK\x01\x02")


def patch(body: bytes, offset: int, replacement: bytes) -> bytes:
    """Return the body with some bytes replaced."""
    return body[:offset] + replacement + body[offset + len(replacement) :]


class TestOpenArchive:
    """Of `open_archive`."""

    @pytest.mark.parametrize(
        "body",
        [
            ZIP[:-1],
            ZIP[:40],
            patch(ZIP, DIRECTORY, b"XX"),
            patch(ZIP, DIRECTORY + 6, b"\xff"),
            patch(patch(ZIP, DIRECTORY + 9, b"\x08"), DIRECTORY + 46, b"\xff"),
        ],
        ids=["last byte", "directory", "signature", "version", "name no UTF-8"],
    )
    def test_damaged_directory(self, body: bytes) -> None:
        """A zip whose directory is cut or damaged is refused, whatever the library raises."""
        with pytest.raises(LabelledDataError, match="The zip is truncated or damaged"):
            read(body)

    def test_encrypted(self) -> None:
        """A member that is encrypted is named, before any is read."""
        with pytest.raises(LabelledDataError, match=r"'7/a\.png' in the zip is encrypted"):
            read(patch(ZIP, DIRECTORY + 8, b"\x01"))

    @pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_other_compressions(self, compression: int) -> None:
        """Compressions that Python cannot unpack in bounded steps are refused."""
        upload = make_zip({"7/a.png": bytes(100)}, compression)

        with pytest.raises(LabelledDataError, match="uses a compression that is not accepted"):
            read(upload)

    def test_number_of_members(self) -> None:
        """Twice as many members as pictures and 1,024 more are allowed: folders and junk."""
        names = [f"{index}/" for index in range(1065)]

        with pytest.raises(LabelledDataError, match="more members than the 1,064 that are acce"):
            read(make_zip(dict.fromkeys(names, b"")))
        with pytest.raises(LabelledDataError, match="holds no images"):
            read(make_zip(dict.fromkeys(names[1:], b"")))

    def test_many_members_stay_flat(self) -> None:
        """A directory of 20,000 members is refused before it becomes as many objects."""
        upload = make_zip({f"{index}/": b"" for index in range(20_000)})

        with memory_stays_flat(), pytest.raises(LabelledDataError, match="more members than"):
            read(upload)


class TestOpenMember:
    """Of `open_member`."""

    @pytest.mark.parametrize(
        "body",
        [
            patch(ZIP, DIRECTORY + 42, b"\x01"),
            patch(ZIP, len(ZIP) - 6, b"\xff\xff\xff\x7f"),
            patch(ZIP, 30, b"8"),
            patch(ZIP, ZIP.index(PICTURE), b"X"),
            patch(ZIP, DIRECTORY + 24, b"\x05"),
            patch(ZIP, DIRECTORY + 20, b"\xff\xff\0\0\xff\xff"),
            patch(ZIP, DIRECTORY + 8, b"\x20"),
        ],
        ids=[
            "place",
            "directory's place",
            "name",
            "checksum",
            "declared size",
            "truncated",
            "patch data",
        ],
    )
    def test_damaged_member(self, body: bytes) -> None:
        """A damaged member is refused when its turn comes, whatever the library raises."""
        with pytest.raises(LabelledDataError, match="truncated or damaged"):
            list(read(body))

    def test_damaged_compression(self) -> None:
        """A stretch that is no deflate is refused too."""
        upload = make_zip({"7/a.png": bytes(100)})

        with pytest.raises(LabelledDataError, match="truncated or damaged"):
            list(read(patch(upload, 37, b"\xff\xff\xff")))

    def test_offset_of_64_bits(self) -> None:
        """A member said to begin at byte 2**64 - 1 is refused, whatever the library raises."""
        name, offset = b"7/a.png", struct.pack("<HHQ", 1, 8, 2**64 - 1)  # ZIP64 extra field
        entry = patch(ZIP[DIRECTORY : DIRECTORY + 46], 30, struct.pack("<H", len(offset)))
        entry = patch(entry, 42, b"\xff\xff\xff\xff") + name + offset
        end = patch(ZIP[-22:], 12, struct.pack("<I", len(entry)))

        with pytest.raises(LabelledDataError, match="truncated or damaged"):
            list(read(ZIP[:DIRECTORY] + entry + end))

    def test_damaged_array(self) -> None:
        """A changed value in an `.npz` is found by the checksum."""
        upload = make_npz(images=[[[True]]], labels=[7])
        offset = upload.index(b"\7\0\0\0\0\0\0\0")

        with pytest.raises(LabelledDataError, match=r"'labels\.npy' in the zip is truncated or da"):
            read(patch(upload, offset, b"\6"))
