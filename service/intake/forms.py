"""Forms: a multipart body, taken apart in memory.

    form -> parts, between delimiters -> headers -> files

The body is at hand whole, so that a part costs one search and one copy. A parser for streams stops at
every line break that a picture happens to contain.

Source: RFC 2046, section 5.1.1 (delimiters); RFC 7578, section 4.2 (file names).
"""

import re
from typing import NamedTuple

from python_multipart.multipart import parse_options_header

from service.errors import MalformedMultipartError

LINE_BREAK = b"\r\n"
MAX_DELIMITER_BYTES = 74  # "--", 70 characters of boundary (RFC 2046) and a line break
MAX_HEADERS_BYTES = 8192  # of one part; browsers send about 150
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\r\n]*)")  # RFC 9110, section 5.1


class FormFile(NamedTuple):
    """A file of a form.

    Attributes:
        name: What the client calls it: its own text, in UTF-8 where that can be read.
        content: Its bytes.
    """

    name: str
    content: bytes


def read_files(form: bytes, *, max_parts: int) -> list[FormFile]:
    """Return the file parts of a form, in order; plain fields are passed over.

    Args:
        form: Starts with its delimiter, `--` and the boundary.
        max_parts: Most parts, files and fields together.

    Raises:
        MalformedMultipartError: If it is damaged, cut off, or has too many parts.
    """
    delimiter = _first_line(form)
    if delimiter.endswith(b"--") and not form[len(delimiter) :].strip():
        return []  # the closing delimiter alone: a form without fields
    files: list[FormFile] = []
    at = len(delimiter)  # behind the delimiter in front of a part
    for _ in range(max_parts):
        name, start = _read_headers(form, at)
        end = form.find(LINE_BREAK + delimiter, start)
        if end < 0:
            raise _malformed()
        if name is not None:
            files.append(FormFile(name, form[start:end]))
        at = end + len(LINE_BREAK) + len(delimiter)
        if form.startswith(b"--", at):
            return files
    raise MalformedMultipartError(
        f"The form has more than {max_parts} parts, the most that is accepted. Send fewer fields."
    )


def _first_line(form: bytes) -> bytes:
    """Return the delimiter that a form starts with."""
    end = form.find(b"\n", 0, MAX_DELIMITER_BYTES)
    delimiter = form[: MAX_DELIMITER_BYTES if end < 0 else end].rstrip(LINE_BREAK)
    if delimiter == b"--":
        raise _malformed()
    return delimiter


def _read_headers(form: bytes, at: int) -> tuple[str | None, int]:
    """Read the headers of the part behind a delimiter.

    Returns:
        The file's name, or None for a plain field; where the content starts.
    """
    # A part without headers has its blank line at once, two line breaks behind the delimiter.
    end = form.find(2 * LINE_BREAK, at, at + MAX_HEADERS_BYTES)
    if end < 0 or not form.startswith(LINE_BREAK, at):
        raise _malformed()
    file_name = None
    for line in form[at:end].split(LINE_BREAK)[1:]:
        header = _HEADER.fullmatch(line)
        if header is None:
            raise _malformed()
        if header[1].lower() == b"content-disposition":
            file_name = _file_name(header[2])
    return file_name, end + 2 * len(LINE_BREAK)


def _file_name(disposition: bytes) -> str | None:
    """Return the file name that a content disposition gives, if it gives one."""
    name = parse_options_header(disposition)[1].get(b"filename")
    return None if name is None else name.decode("utf-8", "replace")


def _malformed() -> MalformedMultipartError:
    return MalformedMultipartError(
        "The multipart body is damaged or cut off. Let your HTTP client build it, and do not set its "
        "Content-Type by hand."
    )
