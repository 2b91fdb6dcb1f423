"""Progressive JPEGs: large ones without the scans whose detail an eighth of their size does not show.

bytes -> scans -> those of the blocks' means, and the first of detail -> bytes that decode to the same pixels

A progressive JPEG tells the means of its blocks of 8x8 pixels first, and then, in far more bytes, their detail.
Decoded to an eighth, it shows the means alone. The first scan of detail stays because without any the decoder
smooths the means.

Source: ITU-T T.81, sections B.2.3 and G.1.1.
"""

from itertools import pairwise

from service.preprocessing.jpeg_segments import (
    END_OF_IMAGE,
    START_OF_SCAN,
    Segment,
    find_segments,
)


def without_detail(jpeg: bytes) -> bytes:
    """Return a progressive JPEG without the scans that an eighth of its size does not show.

    Args:
        jpeg: A JPEG of few segments; one that is cut off comes back as it is, for the decoder to complain about.
    """
    segments = list(find_segments(jpeg))
    if not segments or segments[-1].code != END_OF_IMAGE:
        return jpeg
    pieces, detailed = [jpeg[: segments[0].start]], set[bytes]()
    for segment, following in pairwise(segments):
        if segment.code == START_OF_SCAN and (components := _components_of_detail(jpeg, segment)):
            if components in detailed:
                continue
            detailed.add(components)
        pieces.append(jpeg[segment.start : following.start])
    return b"".join([*pieces, b"\xff", bytes([END_OF_IMAGE])])


def _components_of_detail(jpeg: bytes, scan: Segment) -> bytes:
    """Return the numbers of the components whose detail a scan tells; none, if it tells means."""
    first = scan.data + 1
    end = first + 2 * int.from_bytes(jpeg[scan.data : first])
    is_of_means = jpeg[end : end + 1] == b"\0"  # the first frequency that it tells
    return b"" if is_of_means else jpeg[first:end:2]
