"""Tests of telling the forms apart, and that nothing but our errors leaves the package."""

import contextlib
import gzip
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import (
    EmptyUploadError,
    LabelledDataError,
    TooManyFilesError,
    UnsupportedMediaError,
    UploadError,
)
from tests.service.labelled_data.files import (
    IDX_IMAGES,
    IDX_LABELS,
    PICTURE,
    make_npz,
    make_zip,
    read,
)

UPLOADS = [
    (make_zip({"7/a.png": PICTURE, "1/b.png": PICTURE, "7/": b"", ".DS_Store": b""}),),
    (make_zip({"7/a.png": PICTURE, "1/b.png": PICTURE}, zipfile.ZIP_STORED),),
    (make_npz(images=np.zeros((2, 3, 3), np.uint8), labels=[1, 2]),),
    (make_npz(images=np.zeros((2, 3, 3, 1), np.float16), labels=np.array([1, 2], np.uint8)),),
    (make_npz(images=np.zeros((1, 2, 2)), labels=np.array([{}], dtype=object)),),
    (IDX_IMAGES, IDX_LABELS),
    (gzip.compress(IDX_LABELS), gzip.compress(IDX_IMAGES)),
]


@st.composite
def damaged_uploads(draw: st.DrawFn) -> list[bytes]:
    """Draw a valid upload with up to four stretches overwritten, removed or inserted."""
    files = [bytearray(file) for file in draw(st.sampled_from(UPLOADS))]
    for _ in range(draw(st.integers(1, 4))):
        file = draw(st.sampled_from(files))
        start = draw(st.integers(0, len(file)))
        file[start : start + draw(st.integers(0, 8))] = draw(st.binary(max_size=8))
    return [bytes(file) for file in files]


def read_whole(*files: bytes) -> None:
    """Read an upload and its items; only an error that is not for the client comes through."""
    with contextlib.suppress(UploadError):
        for item in read(*files):
            assert 0 <= item.label <= 9


class TestReadLabelledData:
    """Of `read_labelled_data`."""

    @pytest.mark.parametrize("files", [(), (b"",), (b"", b"")])
    def test_no_bytes(self, files: tuple[bytes, ...]) -> None:
        """No file, or none with bytes in it, is an empty upload."""
        with pytest.raises(EmptyUploadError, match="The upload is empty; send a zip of"):
            read(*files)

    def test_blank_fields_count_for_nothing(self) -> None:
        """A form's empty fields leave a zip alone."""
        assert len(read(b"", UPLOADS[0][0], b"")) == 2

    def test_too_many_files(self) -> None:
        """Three files are none of the forms."""
        with pytest.raises(TooManyFilesError, match="holds 3 files"):
            read(IDX_IMAGES, IDX_LABELS, IDX_LABELS)

    @pytest.mark.parametrize("zip_file", [UPLOADS[0][0], UPLOADS[2][0]], ids=["zip", "npz"])
    def test_zip_with_another_file(self, zip_file: bytes) -> None:
        """A zip or an `.npz` comes alone."""
        with pytest.raises(LabelledDataError, match="must be sent alone"):
            read(IDX_LABELS, zip_file)

    @pytest.mark.parametrize(
        "files",
        [
            (PICTURE,),
            (b"label,pixel0\n7,0\n",),
            (b"\x08\x03",),
            (bytes.fromhex("00000d03") + bytes(12),),
            (gzip.compress(b"a tar, say"),),
            (gzip.compress(b""),),
            (IDX_IMAGES, b"7 2"),
        ],
        ids=["picture", "csv", "two bytes", "IDX of floats", "gzip", "empty gzip", "one of two"],
    )
    def test_another_form(self, files: tuple[bytes, ...]) -> None:
        """Anything else is unsupported, in a message that names the three forms."""
        with pytest.raises(
            UnsupportedMediaError, match=r"zip of <label>.* \.npz .* IDX image file"
        ):
            read(*files)

    @given(st.lists(st.binary(max_size=200), max_size=3))
    @settings(deadline=None)
    def test_arbitrary_bytes(self, files: list[bytes]) -> None:
        """Whatever is sent, only our errors come out."""
        read_whole(*files)

    @given(
        st.sampled_from([b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", IDX_IMAGES[:4]]),
        st.binary(max_size=200),
    )
    @settings(deadline=None)
    def test_arbitrary_bytes_behind_a_signature(self, signature: bytes, rest: bytes) -> None:
        """A signature that is kept and bytes that do not keep it raise only our errors."""
        read_whole(signature + rest)

    # Newer versions of zipfile warn of some odd names, which is no business of the client's.
    @pytest.mark.filterwarnings("ignore::UserWarning:zipfile")
    @given(damaged_uploads())
    @settings(deadline=None, max_examples=300)
    def test_damaged_uploads(self, files: list[bytes]) -> None:
        """Valid uploads with bytes changed, lost or added raise only our errors."""
        read_whole(*files)
