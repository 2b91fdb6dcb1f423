"""One `.npy` member of a zip: its header, checked before anything of its size is allocated.

    archive -> read_header -> caller's checks -> read_array

`numpy.load` is not used: it allocates what a header claims, and parses it as a Python literal. The
three fields of a plain array are all that is looked for here, so nothing can ever be unpickled.
"""

import re
import zipfile
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from service.errors import LabelledDataError
from service.labelled_data.archive import open_member

SIGNATURE = b"\x93NUMPY"
LENGTH_BYTES = {1: 2, 2: 4, 3: 4}  # of the header length, by major version; NumPy NEP 1
MAX_HEADER_BYTES = 4096  # NumPy writes 118 for a plain array
DESCR = re.compile(r"""['"]descr['"]\s*:\s*['"]([^'"]{1,16})['"]""")
FORTRAN_ORDER = re.compile(r"""['"]fortran_order['"]\s*:\s*(True|False)""")
SHAPE = re.compile(r"""['"]shape['"]\s*:\s*\(((?:\s*\d{1,12}\s*,)*\s*(?:\d{1,12}\s*)?)\)""")
PLAIN_DTYPE = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248])")
OBJECT_DTYPE = re.compile(r"[<>|=]?O")


@dataclass(frozen=True)
class ArrayHeader:
    """What an `.npy` member says of its array.

    Attributes:
        dtype: A plain one: bool, integer or float.
        shape: Length of each axis.
        is_fortran: Whether the first axis varies fastest.
        num_header_bytes: Where in the member the values begin.
    """

    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]
    is_fortran: bool
    num_header_bytes: int

    @property
    def num_bytes(self) -> int:
        """Size of the array's values."""
        return prod(self.shape) * self.dtype.itemsize


def read_header(archive: zipfile.ZipFile, name: str) -> ArrayHeader:
    """Read the header of an `.npy` member, at most 4 kB.

    Raises:
        LabelledDataError: If it is damaged, or that of objects, records or strings.

    Source: NumPy NEP 1, "A Simple File Format for NumPy Arrays".
    """
    with open_member(archive, archive.getinfo(name)) as stream:
        start = stream.read(12 + MAX_HEADER_BYTES)
    length_end = 8 + LENGTH_BYTES.get(start[6] if len(start) > 6 else 0, 0)
    num_header_bytes = length_end + int.from_bytes(start[8:length_end], "little")
    header = start[length_end:num_header_bytes].decode("latin-1")
    descr, fortran_order, shape = (
        pattern.search(header) for pattern in (DESCR, FORTRAN_ORDER, SHAPE)
    )
    if descr and OBJECT_DTYPE.fullmatch(descr[1]):
        raise LabelledDataError(
            f"{name} holds Python objects, which are never unpickled here. "
            "Save it with a numeric dtype, such as uint8."
        )
    is_whole = start.startswith(SIGNATURE) and num_header_bytes <= len(start)
    if not (is_whole and descr and fortran_order and shape and PLAIN_DTYPE.fullmatch(descr[1])):
        raise LabelledDataError(
            f"{name} has no header of a plain array of numbers; save it with numpy.savez."
        )
    return ArrayHeader(
        dtype=np.dtype(descr[1]),
        shape=tuple(int(length) for length in shape[1].split(",") if length.strip()),
        is_fortran=fortran_order[1] == "True",
        num_header_bytes=num_header_bytes,
    )


def read_array(archive: zipfile.ZipFile, name: str, header: ArrayHeader) -> npt.NDArray[np.generic]:
    """Read the values of an `.npy` member, as many as its header says.

    Returns:
        A read-only array of the header's dtype and shape.

    Raises:
        LabelledDataError: If it is damaged, or holds fewer or more bytes than its header says.
    """
    with open_member(archive, archive.getinfo(name)) as stream:
        stream.read(header.num_header_bytes)
        values = stream.read(header.num_bytes + 1)
    if len(values) != header.num_bytes:
        raise LabelledDataError(
            f"{name} does not hold the {header.num_bytes:,} bytes that its header promises; "
            "save it anew."
        )
    array = np.frombuffer(values, dtype=header.dtype)
    return array.reshape(header.shape, order="F" if header.is_fortran else "C")
