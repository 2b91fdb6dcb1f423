"""Fuzzes the decoder and the preprocessing behind it; a program of its own, for libFuzzer never returns.

    python -m tests.fuzz.decoder CORPUS -runs=N   (or -max_total_time=SECONDS)

bytes -> with right checksums -> preprocess -> a digit, one of our errors, or a crash that is reported
"""

import contextlib
import struct
import sys
import warnings
import zlib
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["PIL"]):
    from PIL import Image

    Image.init()  # imports what reads the formats

# Not instrumented: of each comparison in instrumented code the result is never freed, arrays too.
from service.errors import DigitserveError
from service.preprocessing import UploadLimits, preprocess
from tests.hostile_pictures import PNG_SIGNATURE, hostile_pictures

LIMITS = UploadLimits(max_pixels=1_000_000)
MAX_BYTES = 20_000  # of a picture that is mutated; larger ones take longer and hide no more


def main(arguments: list[str]) -> None:
    """Write the hostile pictures into the folder that the first argument names, and fuzz from them on."""
    folder = Path(arguments[1])
    for name, picture in hostile_pictures().items():
        if len(picture) <= MAX_BYTES:
            (folder / name).write_bytes(picture)
    warnings.simplefilter("ignore")
    atheris.Setup(arguments, _preprocess)
    atheris.Fuzz()


def _preprocess(upload: bytes) -> None:
    """Let nothing but our own errors out."""
    with contextlib.suppress(DigitserveError):
        digit = preprocess(_with_right_checksums(upload), LIMITS)
        assert digit.image.shape == (28, 28)


def _with_right_checksums(upload: bytes) -> bytes:
    """Mend the checksums of a PNG, for a wrong one hides what lies behind it."""
    if not upload.startswith(PNG_SIGNATURE):
        return upload
    mended, at = bytearray(upload), len(PNG_SIGNATURE)
    while at + 12 <= len(mended):
        end = at + 8 + int.from_bytes(mended[at : at + 4], "big")
        if end + 4 > len(mended):
            break
        mended[end : end + 4] = struct.pack(">I", zlib.crc32(mended[at + 4 : end]))
        at = end + 4
    return bytes(mended)


if __name__ == "__main__":
    main(sys.argv)
