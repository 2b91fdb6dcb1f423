"""Uploads: the body of a request, bounded, taken apart into files.

request -> body (at most the limit) -> multipart or raw, as its bytes tell -> files
"""

from collections.abc import Mapping

from python_multipart.exceptions import MultipartParseError
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


def split_files(body: bytes, headers: Mapping[str, str]) -> list[bytes]:
    """Take a body apart into the files that it carries.

    A body that starts with a multipart delimiter is multipart, whatever its Content-Type; any other is
    one raw file. Fields without a file name are passed over.

    Raises:
        MalformedMultipartError: If the multipart body cannot be taken apart.
        EmptyUploadError: If a multipart body holds no file.
    """
    boundary = _boundary(body, headers.get("content-type", ""))
    if boundary is None:
        return [body]
    files = _parse_multipart(body, boundary)
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


def _boundary(body: bytes, content_type: str) -> bytes | None:
    """Return the boundary of a multipart body, or None for a raw one."""
    if body.startswith(b"--"):
        return body[2 : body.find(b"\n", 0, 300)].rstrip(b"\r\n") or None
    media_type, options = parse_options_header(content_type)
    if media_type == b"multipart/form-data" and not body:
        return options.get(b"boundary")
    return None


class _FileCollector:
    """Collects the file parts of a multipart body in memory, as the parser finds them."""

    def __init__(self) -> None:
        self.files: list[bytes] = []
        self.num_parts = 0
        self.is_complete = False
        self._header = bytearray()
        self._part = bytearray()
        self._is_file = False

    def begin_part(self) -> None:
        """Start a part."""
        self.num_parts += 1
        self._is_file = False
        self._part.clear()

    def extend_header(self, data: bytes, start: int, end: int) -> None:
        """Take a piece of a header's value."""
        self._header += data[start:end]

    def end_header(self) -> None:
        """Look at a whole header: a part with a file name is a file."""
        self._is_file = self._is_file or b"filename" in self._header.lower()
        self._header.clear()

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


def _parse_multipart(body: bytes, boundary: bytes) -> list[bytes]:
    """Return the contents of the file parts of a multipart body."""
    collector = _FileCollector()
    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": collector.begin_part,
            "on_header_value": collector.extend_header,
            "on_header_end": collector.end_header,
            "on_part_data": collector.extend_part,
            "on_part_end": collector.end_part,
            "on_end": collector.end,
        },
    )
    try:
        parser.write(body)
    except MultipartParseError as cause:
        raise _malformed() from cause
    if not collector.is_complete:
        raise _malformed()
    if collector.num_parts > MAX_PARTS:
        raise MalformedMultipartError(
            f"The form has {collector.num_parts} parts; at most {MAX_PARTS} are accepted."
        )
    return collector.files


def _malformed() -> MalformedMultipartError:
    return MalformedMultipartError(
        "The multipart body is damaged or cut off. Let your HTTP client build it, and do not set its "
        "Content-Type by hand."
    )
