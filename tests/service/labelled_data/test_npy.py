"""Tests of `.npy` members: what their headers may say, and that nothing is unpickled."""

import os

import numpy as np
import pytest

from service.errors import LabelledDataError
from tests.service.labelled_data.files import (
    make_npy,
    make_npz,
    make_zip,
    memory_stays_flat,
    npy_header,
    read,
)

LABELS = make_npy(npy_header("(1,)"), b"\7")


def npz_of(images: bytes, labels: bytes = LABELS) -> bytes:
    """Return an `.npz` of these members."""
    return make_zip({"images.npy": images, "labels.npy": labels})


class Explosive:
    """An object whose pickle, once loaded, ends the process."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        """Ask the unpickler to call `os._exit`."""
        return os._exit, (1,)


class TestReadHeader:
    """Of `read_header`."""

    @pytest.mark.parametrize("version", [1, 2, 3])
    def test_versions(self, version: int) -> None:
        """The three versions of the format are read."""
        images = make_npy(npy_header("(1, 1, 2)"), b"\3\4", version)

        (item,) = read(npz_of(images))

        assert np.asarray(item.image).tolist() == [[3, 4]]

    def test_any_order_and_spacing(self) -> None:
        """The header is a Python dictionary, which other writers space and order otherwise."""
        header = '{"shape":( 1,1 , 2 ),"fortran_order":False,"descr":"u1"}'

        (item,) = read(npz_of(make_npy(header, b"\3\4")))

        assert np.asarray(item.image).tolist() == [[3, 4]]

    @pytest.mark.parametrize("name", ["images", "labels"])
    def test_objects_are_never_unpickled(self, name: str) -> None:
        """An array of objects is refused by its header; the pickle would end this process."""
        arrays: dict[str, object] = {"images": np.zeros((1, 2, 2), np.uint8), "labels": np.zeros(1)}
        arrays[name] = np.array([Explosive()], dtype=object)

        with pytest.raises(LabelledDataError, match=rf"{name}\.npy holds Python objects, which ar"):
            read(make_npz(**arrays))

    @pytest.mark.parametrize("descr", ["<U4", "|S3", "<c8", "<M8[s]", "<f16", "|V8", "|b4", "x"])
    def test_other_dtypes(self, descr: str) -> None:
        """Strings, complex numbers, dates and unknown types are no plain numbers."""
        images = make_npy(npy_header("(1, 1, 2)", descr), bytes(64))

        with pytest.raises(LabelledDataError, match="no header of a plain array of numbers"):
            read(npz_of(images))

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "{}",
            "{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1, 1, 2), }",
            "{'descr': '|u1', 'fortran_order': 0, 'shape': (1, 1, 2), }",
            "{'descr': '|u1', 'fortran_order': False}",
            npy_header("(1, -1, 2)"),
            npy_header("(1 1 2)"),
            npy_header("(1e3, 1, 2)"),
            npy_header("(" + 13 * "9" + ", 1, 2)"),
            npy_header(4090 * "("),
            npy_header("__import__('os')._exit(1)"),
        ],
    )
    def test_headers_of_no_plain_array(self, header: str) -> None:
        """Records, missing fields, odd shapes and code are refused."""
        with pytest.raises(LabelledDataError, match=r"images\.npy has no header of a plain array"):
            read(npz_of(make_npy(header, b"\3\4")))

    @pytest.mark.parametrize(
        "member",
        [
            b"",
            b"\x93NUMP",
            b"\x93NUMPY",
            b"\x93NUMPY\1\0",
            make_npy(npy_header("(1, 1, 2)"), b"\3\4", version=4),
            make_npy(npy_header("(1, 1, 2)"))[:-40],
            b"GIF89a" + make_npy(npy_header("(1, 1, 2)"), b"\3\4")[6:],
            make_npy(npy_header("(1, 1, 2)") + 4096 * " ", b"\3\4"),
        ],
        ids=["empty", "5", "6", "8 bytes", "version 4", "cut", "signature", "long header"],
    )
    def test_no_header(self, member: bytes) -> None:
        """Members that are no `.npy`, are cut in the header or have a long one are refused."""
        with pytest.raises(LabelledDataError, match=r"images\.npy has no header of a plain array"):
            read(npz_of(member))


class TestReadArray:
    """Of `read_array`."""

    @pytest.mark.parametrize("values", [b"\3", b"\3\4\5"], ids=["fewer", "more"])
    def test_length_is_not_that_of_the_header(self, values: bytes) -> None:
        """A header for two values needs two, neither fewer nor more."""
        images = make_npy(npy_header("(1, 1, 2)"), values)

        with pytest.raises(LabelledDataError, match="does not hold the 2 bytes that its header"):
            read(npz_of(images))

    def test_huge_shape_allocates_nothing(self) -> None:
        """A header for 2**27 bytes is refused before any is allocated."""
        upload = npz_of(make_npy(npy_header("(1, 4096, 4096)", "<f8")))

        with (
            memory_stays_flat(),
            pytest.raises(LabelledDataError, match="more bytes than the 100,000 that are"),
        ):
            read(upload)

    def test_bomb_stays_flat(self) -> None:
        """Of 30 MB behind a header for two values, no more than those are unpacked."""
        upload = npz_of(make_npy(npy_header("(1, 1, 2)"), bytes(30_000_000)))

        with (
            memory_stays_flat(),
            pytest.raises(LabelledDataError, match="does not hold the 2 bytes"),
        ):
            read(upload)
