"""Uploads: the body of a request, bounded, taken apart into files.

request -> body (at most the limit) -> multipart or raw, as its bytes tell -> files
"""

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from service.errors import (
    EmptyUploadError,
    MalformedMultipartError,
    TooManyFilesError,
    UploadTooLargeError,
)

MAX_PARTS = 16
MIB = 1024 * 1024


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Read the whole body, and stop where it passes the limit.

    Raises:
        UploadTooLargeError: If the body is announced as larger, or turns out to be.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise _too_large(max_bytes)
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(max_bytes)
        chunks.append(chunk)
    return b"".join(chunks)


def split_files(body: bytes) -> list[bytes]:
    """Take a body apart into the files that it carries.

    A body that starts with a multipart delimiter is multipart, whatever its Content-Type; any other is
    one raw file. Fields without a file name are passed over.

    Raises:
        MalformedMultipartError: If the multipart body cannot be taken apart.
        EmptyUploadError: If a multipart body holds no file.
    """
    # RFC 2046 allows a line break in front of the first delimiter, and some clients send it.
    form = body.lstrip(b"\r\n")
    if not form.startswith(b"--"):
        return [body]
    files = _parse_multipart(form)
    if not files:
        raise EmptyUploadError(
            "The form holds no file. Send the image as a file field: curl -F file=@digit.png ..."
        )
    return files


def single_file(files: list[bytes]) -> bytes:
    """Return the one file of a request.

    Raises:
        TooManyFilesError: If there are several.
    """
    if len(files) > 1:
        raise TooManyFilesError(
            f"The form holds {len(files)} files; one image is expected. Send one request per image."
        )
    return files[0]


def _too_large(max_bytes: int) -> UploadTooLargeError:
    return UploadTooLargeError(
        f"The body is larger than {max_bytes / MIB:g} MiB, the most that is accepted. Send a smaller file."
    )


class _FileCollector:
    """Collects the file parts of a multipart body in memory, as the parser finds them."""

    def __init__(self) -> None:
        self.files: list[bytes] = []
        self.is_complete = False
        self._num_parts = 0
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._part = bytearray()
        self._is_file = False

    def begin_part(self) -> None:
        """Start a part."""
        self._num_parts += 1
        if self._num_parts > MAX_PARTS:
            raise MalformedMultipartError(
                f"The form has more than {MAX_PARTS} parts, the most that is accepted. Send fewer fields."
            )
        self._is_file = False
        self._part.clear()

    def extend_header_name(self, data: bytes, start: int, end: int) -> None:
        """Take a piece of a header's name."""
        self._header_name += data[start:end]

    def extend_header_value(self, data: bytes, start: int, end: int) -> None:
        """Take a piece of a header's value."""
        self._header_value += data[start:end]

    def end_header(self) -> None:
        """Look at a whole header: a part whose disposition has a file name is a file."""
        if self._header_name.lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self._header_value))
            self._is_file = b"filename" in options
        self._header_name.clear()
        self._header_value.clear()

    def extend_part(self, data: bytes, start: int, end: int) -> None:
        """Take a piece of a part's content."""
        self._part += data[start:end]

    def end_part(self) -> None:
        """Keep a file; pass over a plain field."""
        if self._is_file:
            self.files.append(bytes(self._part))

    def end(self) -> None:
        """Note that the closing delimiter was there."""
        self.is_complete = True


def _parse_multipart(form: bytes) -> list[bytes]:
    """Return the contents of the file parts of a form; its first line is the delimiter."""
    delimiter = form.split(b"\n", 1)[0].rstrip(b"\r")
    if delimiter == b"--":
        raise _malformed()
    if delimiter.endswith(b"--") and not form[len(delimiter) :].strip():
        return []  # the closing delimiter alone: a form without fields
    collector = _FileCollector()
    try:
        parser = MultipartParser(
            delimiter[2:],
            {
                "on_part_begin": collector.begin_part,
                "on_header_field": collector.extend_header_name,
                "on_header_value": collector.extend_header_value,
                "on_header_end": collector.end_header,
                "on_part_data": collector.extend_part,
                "on_part_end": collector.end_part,
                "on_end": collector.end,
            },
        )
        parser.write(form)
    except FormParserError as cause:
        raise _malformed() from cause
    if not collector.is_complete:
        raise _malformed()
    return collector.files


def _malformed() -> MalformedMultipartError:
    return MalformedMultipartError(
        "The multipart body is damaged or cut off. Let your HTTP client build it, and do not set its "
        "Content-Type by hand."
    )
