"""Tests of zips of pictures: labels from folders, bounds while unpacking."""

import zipfile

import pytest

from service.errors import LabelledDataError
from service.labelled_data import LabelledDataLimits
from tests.service.labelled_data.files import PICTURE, make_zip, memory_stays_flat, read


class TestReadPictureZip:
    """Of `read_picture_zip`."""

    def test_pictures_and_labels(self) -> None:
        """Each picture comes whole, with its path and the digit of its folder, in order."""
        data = read(make_zip({"7/a.png": PICTURE, "0/b.png": PICTURE + b"2"}))

        first, second = data

        assert data.labels.tolist() == [7, 0]
        assert (first.name, first.label, first.image) == ("7/a.png", 7, PICTURE)
        assert (second.name, second.label, second.image) == ("0/b.png", 0, PICTURE + b"2")

    def test_stored_members(self) -> None:
        """Members may be stored without compression."""
        (item,) = read(make_zip({"7/a.png": PICTURE}, zipfile.ZIP_STORED))

        assert item.image == PICTURE

    @pytest.mark.parametrize(
        ("name", "label"),
        [
            ("mnist/test/7/a.png", 7),
            ("3/7/a.png", 7),
            ("7/photos/a.png", 7),
            ("7/10/a.png", 7),
            ("./7/a.png", 7),
            ("/7/a.png", 7),
            ("../7/a.png", 7),
            ("data\\7\\a.png", 7),
            ("7/3", 7),
            ("7/a", 7),
        ],
    )
    def test_label_is_the_last_folder_of_one_digit(self, name: str, label: int) -> None:
        """Folders before and after are allowed, and the file's own name says nothing."""
        assert read(make_zip({name: PICTURE})).labels.tolist() == [label]

    @pytest.mark.parametrize(
        "name",
        ["a.png", "7.png", "7", "seven/a.png", "10/a.png", "\N{ARABIC-INDIC DIGIT SEVEN}/a.png"],
    )
    def test_outside_a_digit_folder(self, name: str) -> None:
        """A picture without a label is an error that says so, and names it."""
        with pytest.raises(LabelledDataError, match=rf"'{name}' .* not in a folder named by a dig"):
            read(make_zip({"7/a.png": PICTURE, name: PICTURE}))

    @pytest.mark.parametrize(
        "name",
        [
            "7/",
            "__MACOSX/7/._a.png",
            "__MACOSX/7/b.png",
            "7/.DS_Store",
            ".DS_Store",
            ".git/7/b.png",
            "7/Thumbs.db",
            "desktop.ini",
        ],
    )
    def test_junk_is_ignored(self, name: str) -> None:
        """Directories, dot-files and what macOS and Windows add are no pictures."""
        data = read(make_zip({name: b"", "7/a.png": PICTURE}))

        assert [item.name for item in data] == ["7/a.png"]

    def test_no_pictures(self) -> None:
        """A zip of junk alone holds no images."""
        with pytest.raises(LabelledDataError, match="holds no images"):
            read(make_zip({"7/": b"", "7/.DS_Store": b""}))

    def test_empty_zip(self) -> None:
        """A zip without members holds no images."""
        with pytest.raises(LabelledDataError, match="holds no images"):
            read(make_zip({}))

    def test_members_of_one_name(self) -> None:
        """Two members of the same name are two pictures."""
        upload = make_zip({"7/a.png": b"first", "7/b.png": b"second"}).replace(b"b.png", b"a.png")

        assert [item.image for item in read(upload)] == [b"first", b"second"]

    def test_member_without_a_name(self) -> None:
        """A name that begins with NUL is read as none, and is in no folder."""
        upload = make_zip({"name": PICTURE}).replace(b"name", b"\0ame")

        with pytest.raises(LabelledDataError, match=r"'' in the zip is not in a folder"):
            read(upload)

    def test_long_names_are_cut_in_messages(self) -> None:
        """A message carries the end of a long name, on one line."""
        with pytest.raises(LabelledDataError) as caught:
            read(make_zip({1000 * "x" + "\n.png": PICTURE}))

        assert str(caught.value).startswith("'…xxx")
        assert len(str(caught.value)) < 300
        assert "\n" not in str(caught.value)


class TestNestedZips:
    """Of zips inside the zip."""

    def test_in_a_digit_folder(self) -> None:
        """A zip in place of a picture is refused when its turn comes."""
        data = read(make_zip({"7/a.png": make_zip({"7/b.png": PICTURE})}))

        with pytest.raises(LabelledDataError, match="is a zip itself; the members must be pictu"):
            list(data)

    def test_beside_the_folders(self) -> None:
        """A zip of zips is told that, not that its zips lack a folder."""
        upload = make_zip({"inner.zip": make_zip({"7/b.png": PICTURE})})

        with pytest.raises(LabelledDataError, match="is a zip itself; the members must be pictu"):
            read(upload)


class TestBounds:
    """Of what a zip may unpack to."""

    def test_number_of_pictures(self) -> None:
        """The bound is stated."""
        upload = make_zip({f"7/{index}.png": PICTURE for index in range(21)})

        with pytest.raises(LabelledDataError, match="21 images; at most 20 are accepted"):
            read(upload)

    def test_bytes_of_one_picture(self) -> None:
        """A picture one byte over the bound is refused, and the bound stated."""
        data = read(make_zip({"7/a.png": bytes(10_000), "7/b.png": bytes(10_001)}))
        items = iter(data)

        assert next(items).image == bytes(10_000)
        with pytest.raises(LabelledDataError, match=r"'7/b\.png' .* more than the 10,000 bytes"):
            next(items)

    def test_bytes_in_all(self) -> None:
        """The bytes of all pictures count together, anew for each pass."""
        limits = LabelledDataLimits(max_images=3, max_expanded_bytes=20, max_member_bytes=10)
        data = read(make_zip({f"7/{name}": bytes(10) for name in "abc"}), limits=limits)

        for _ in range(2):
            items = iter(data)
            assert (next(items).name, next(items).name) == ("7/a", "7/b")
            with pytest.raises(LabelledDataError, match="more bytes than the 20 that are acc"):
                next(items)

    def test_bomb_stays_flat(self) -> None:
        """Of a picture of 50 MB no more than its bound is unpacked."""
        upload = make_zip({"7/a.png": bytes(50_000_000)})

        with (
            memory_stays_flat(),
            pytest.raises(LabelledDataError, match="more than the 10,000 bytes"),
        ):
            list(read(upload))
