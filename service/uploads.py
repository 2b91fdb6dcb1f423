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


def _parse_multipart(body: bytes, boundary: bytes) -> list[bytes]:
    """Collect the file parts of a multipart body in memory."""
    files: list[bytes] = []
    header, part, is_file, parts = bytearray(), bytearray(), False, 0

    def begin_part() -> None:
        nonlocal is_file, parts
        parts += 1
        is_file = False
        part.clear()

    def end_header_line() -> None:
        nonlocal is_file
        is_file = is_file or b"filename" in bytes(header).lower()
        header.clear()

    def end_part() -> None:
        if is_file:
            files.append(bytes(part))

    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": begin_part,
            "on_header_value": lambda data, start, end: header.extend(data[start:end]),
            "on_header_end": end_header_line,
            "on_part_data": lambda data, start, end: part.extend(data[start:end]),
            "on_part_end": end_part,
        },
    )
    try:
        parser.write(body)
        parser.finalize()
    except MultipartParseError as cause:
        raise MalformedMultipartError(
            "The multipart body is damaged. Let your HTTP client build it, and do not set its "
            "Content-Type by hand."
        ) from cause
    if parts > MAX_PARTS:
        raise MalformedMultipartError(
            f"The form has {parts} parts; at most {MAX_PARTS} are accepted."
        )
    return files
