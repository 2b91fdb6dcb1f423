"""Uploads: the body of a request, bounded, taken apart into files.

request -> body (at most the limit) -> multipart or raw, as its bytes tell -> files
"""

import asyncio
from typing import Any

from starlette.requests import ClientDisconnect, Request

from service.errors import (
    EmptyUploadError,
    SlowUploadError,
    TooManyFilesError,
    UploadTooLargeError,
)
from service.intake.body_memory import BodyMemory
from service.intake.discarding import expect_no_body
from service.intake.forms import FormFile, read_files
from service.intake.slow_bodies import SlowBodies

MAX_PARTS = 16
MIB = 1024 * 1024


async def read_body(
    request: Request, max_bytes: int, slow_bodies: SlowBodies, memory: BodyMemory
) -> bytes:
    """Read the whole body, and stop where it passes the limit.

    Args:
        request: Whose body.
        max_bytes: The limit.
        slow_bodies: Ends the wait for one that comes too slowly.
        memory: Bounds what all bodies take together.

    Raises:
        UploadTooLargeError: If the body is announced as larger, or turns out to be.
        OverloadedError: If all bodies take too much.
        SlowUploadError: If it comes too slowly.
        ClientDisconnect: If the client leaves before all of it has come.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise _too_large(max_bytes)
    reader = asyncio.current_task()
    assert reader is not None  # noqa: S101 - a coroutine runs in a task
    slow_bodies.start(reader)
    try:
        body = await _read(request, max_bytes, reader, slow_bodies, memory)
    except asyncio.CancelledError:
        if not slow_bodies.stop(reader):
            raise
        reader.uncancel()
        expect_no_body(request.scope)
        raise SlowUploadError(
            "The body came too slowly, and its rest is not waited for. Send it faster, or a smaller one."
        ) from None
    finally:
        slow_bodies.stop(reader)
    expect_no_body(request.scope)
    return body


async def _read(
    request: Request,
    max_bytes: int,
    reader: asyncio.Task[Any],
    slow_bodies: SlowBodies,
    memory: BodyMemory,
) -> bytes:
    """Read the pieces of a body."""
    chunks, size, is_more = list[bytes](), 0, True
    try:
        while is_more:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunk, is_more = message.get("body", b""), message.get("more_body", False)
            size += len(chunk)
            if size > max_bytes:
                raise _too_large(max_bytes)
            memory.hold(request.scope, size)
            slow_bodies.allow(reader, len(chunk))
            chunks.append(chunk)
        return b"".join(chunks)
    finally:
        chunks.clear()  # an error that is being answered keeps this frame


def split_files(body: bytes, *, max_parts: int = MAX_PARTS) -> list[FormFile]:
    """Take a body apart into the files that it carries.

    A body that starts with a multipart delimiter is multipart, whatever its Content-Type; any other is
    one raw file without a name. Fields without a file name are passed over.

    Args:
        body: The whole body.
        max_parts: Most files and fields of a form.

    Raises:
        MalformedMultipartError: If the multipart body cannot be taken apart.
        EmptyUploadError: If a multipart body holds no file.
    """
    # RFC 2046 allows a line break in front of the first delimiter, and some clients send it.
    form = body.lstrip(b"\r\n")
    if not form.startswith(b"--"):
        return [FormFile("", body)]
    files = read_files(form, max_parts=max_parts)
    if not files:
        raise EmptyUploadError(
            "The form holds no file. Send the image as a file field: curl -F file=@digit.png ..."
        )
    return files


def single_file(files: list[FormFile]) -> bytes:
    """Return the content of a request's one file.

    Raises:
        TooManyFilesError: If there are several.
    """
    if len(files) > 1:
        raise TooManyFilesError(
            f"The form holds {len(files)} files; one image is expected. Send one request per image."
        )
    return files[0].content


def _too_large(max_bytes: int) -> UploadTooLargeError:
    return UploadTooLargeError(
        f"The body is larger than {max_bytes / MIB:g} MiB, the most that is accepted. Send a smaller file."
    )
