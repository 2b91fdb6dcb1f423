"""Segments of a JPEG: its headers and scans, in order, without a look at what they hold.

bytes -> markers of the first picture -> segments; the compressed data of a scan lie between its own and the next

Source: ITU-T T.81, section B.1.1.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9
# Behind a segment or compressed data; not what stands within the latter.
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment of a JPEG.

    Attributes:
        code: Second byte of its marker.
        start: Where its marker is.
        data: Where its data begin, behind its length.
    """

    code: int
    start: int
    data: int


def find_segments(jpeg: bytes) -> Iterator[Segment]:
    """Yield the segments of a JPEG's first picture, to the mark of its end if there is one."""
    at = 2
    while found := _MARKER.search(jpeg, at):
        code = found[0][1]
        yield Segment(code, found.start(), found.end() + 2)
        if code == END_OF_IMAGE:
            return
        at = found.end() + int.from_bytes(jpeg[found.end() : found.end() + 2], "big")
