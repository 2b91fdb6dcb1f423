"""Mutated files: whatever becomes of a valid one, only our own errors come out, and nothing over a bound."""

import contextlib
import zipfile

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.batches import list_entries
from service.errors import DigitserveError
from service.intake.forms import read_files
from service.labelled_data import read_labelled_data
from service.preprocessing import UploadLimits, open_image, preprocess
from tests.hostile_pictures import hostile_pictures
from tests.mutations import mutated
from tests.pictures import draw, encode
from tests.service.labelled_data.files import (
    IDX_IMAGES,
    IDX_LABELS,
    LIMITS,
    make_npy,
    make_npz,
    make_zip,
    npy_header,
)

MAX_BYTES = 20_000  # of a hostile picture that is mutated; larger ones hide no more and take longer
PIXELS = UploadLimits(max_pixels=100_000)
SMALL = draw(size=(40, 40))
PICTURES = [
    *(encode(SMALL.convert("RGB"), each) for each in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")),
    encode(SMALL, "JPEG", progressive=True),
    encode(SMALL, "TIFF", compression="tiff_lzw"),
    encode(SMALL.convert("P"), "PNG"),
    *(picture for picture in hostile_pictures().values() if len(picture) <= MAX_BYTES),
]
FORM = httpx.Request(
    "POST",
    "http://test",
    files=[("file", ("a.png", PICTURES[0])), ("file", ("b", b"--")), ("note", (None, b"7"))],
).read()
VALUES = bytes(12)
NPY_MEMBERS = [make_npy(npy_header("(2, 2, 3)"), VALUES), make_npy(npy_header("(2,)"), b"\7\2")]
ARCHIVES = [
    make_npz(images=[[[0, 255]]], labels=[7]),
    make_zip({"7/a.png": PICTURES[0], "2/b.png": b"no picture", ".hidden": b""}),
    make_zip({"7/a.png": PICTURES[0]}, zipfile.ZIP_STORED),
]

bounded = settings(max_examples=200, deadline=None)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
class TestPictures:
    """Of `preprocess`."""

    @bounded
    @given(mutated(PICTURES))
    def test_a_digit_or_an_error_of_ours(self, upload: bytes) -> None:
        """No failure of a decoder's comes out."""
        with contextlib.suppress(DigitserveError):
            assert preprocess(upload, PIXELS).image.shape == (28, 28)

    @bounded
    @given(mutated(PICTURES))
    def test_no_more_pixels_than_allowed(self, upload: bytes) -> None:
        """What is opened is within the bound, before and after decoding."""
        with contextlib.suppress(DigitserveError):
            opened = open_image(upload, PIXELS)

            assert opened.num_pixels <= PIXELS.max_pixels
            assert opened.decode().grey.size <= PIXELS.max_pixels


class TestForms:
    """Of `read_files`."""

    @bounded
    @given(mutated([FORM]))
    def test_files_or_an_error_of_ours(self, form: bytes) -> None:
        """A mutated form has no more parts and bytes than it was sent with, or is refused."""
        with contextlib.suppress(DigitserveError):
            files = read_files(form, max_parts=4)

            assert len(files) <= 4
            assert sum(len(file.content) for file in files) <= len(form)


class TestLabelledData:
    """Of `read_labelled_data`."""

    @bounded
    @given(st.lists(mutated([IDX_IMAGES, IDX_LABELS, *ARCHIVES]), max_size=2))
    def test_items_or_an_error_of_ours(self, files: list[bytes]) -> None:
        """No failure of a reader's comes out, neither at once nor while iterating."""
        _read(files)

    @bounded
    @given(mutated([IDX_IMAGES]), mutated([IDX_LABELS]))
    def test_idx_pair(self, images: bytes, labels: bytes) -> None:
        """So it is with a mutated pair."""
        _read([images, labels])

    @bounded
    @given(mutated(NPY_MEMBERS), mutated(NPY_MEMBERS))
    def test_arrays_in_a_whole_zip(self, images: bytes, labels: bytes) -> None:
        """So it is with mutated arrays whose checksums are right."""
        _read([make_zip({"images.npy": images, "labels.npy": labels})])


def _read(files: list[bytes]) -> None:
    """Read every item of an upload; each must be labelled with a digit."""
    with contextlib.suppress(DigitserveError):
        data = read_labelled_data(files, LIMITS)

        assert 1 <= len(data) <= LIMITS.max_images
        assert all(0 <= item.label <= 9 for item in data)


class TestBatches:
    """Of `list_entries`."""

    @bounded
    @given(mutated(ARCHIVES[1:]))
    def test_entries_or_an_error_of_ours(self, archive: bytes) -> None:
        """A mutated zip is taken apart or refused, and so is each of its pictures."""
        with contextlib.suppress(DigitserveError):
            files = [read_files(_form(archive), max_parts=1)[0]]
            for entry in list_entries(files, LIMITS):
                with contextlib.suppress(DigitserveError):
                    entry.read()


def _form(content: bytes) -> bytes:
    """Write a form of one file."""
    return httpx.Request("POST", "http://test", files={"file": content}).read()
