"""Hand-made uploads: valid ones, and the means to make each kind of broken one."""

import io
import struct
import tracemalloc
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from service.labelled_data import LabelledData, LabelledDataLimits, read_labelled_data

LIMITS = LabelledDataLimits(max_images=20, max_expanded_bytes=100_000, max_member_bytes=10_000)
PICTURE = b"\x89PNG\r\n\x1a\n and the rest"  # no reader looks further than for a zip's signature

# Two images of 2 rows and 3 columns with the labels 7 and 2, byte by byte as the MNIST page says.
IDX_IMAGES = bytes.fromhex("00000803 00000002 00000002 00000003 000102030405 fffefdfcfbfa")
IDX_LABELS = bytes.fromhex("00000801 00000002 07 02")


def read(*files: bytes, limits: LabelledDataLimits = LIMITS) -> LabelledData:
    """Read files as one upload."""
    return read_labelled_data(files, limits)


@contextmanager
def memory_stays_flat() -> Iterator[None]:
    """Assert that the block allocates less than a megabyte at any time."""
    tracemalloc.start()
    try:
        yield
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 1_000_000


def make_zip(members: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip of these members."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return body.getvalue()


def make_npz(**arrays: object) -> bytes:
    """Return what `numpy.savez` writes of these arrays, objects pickled."""
    body = io.BytesIO()
    np.savez(body, allow_pickle=True, **{name: np.asarray(array) for name, array in arrays.items()})
    return body.getvalue()


def make_npy(header: str, values: bytes = b"", version: int = 1) -> bytes:
    """Return an `.npy` member with this header, whatever it says."""
    text = header.encode("latin-1")
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + values


def npy_header(shape: str, descr: str = "|u1") -> str:
    """Return the text of a header as NumPy writes it."""
    return f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n"


def make_idx(magic_number: int, *lengths: int, values: bytes = b"") -> bytes:
    """Return an IDX file with this header, whatever it says."""
    return struct.pack(f">{1 + len(lengths)}I", magic_number, *lengths) + values
