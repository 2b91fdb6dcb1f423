"""Bodies: a request's bytes, expanded within a bound, and the JSON in them.

request -> body (at most the limit) -> gzip or deflate undone (at most the limit) -> JSON of bounded work
"""

import reprlib
import zlib
from collections.abc import Callable
from typing import TypeVar

from pydantic_core import from_json
from starlette.requests import Request

from service.errors import ProtocolError, UploadTooLargeError
from service.intake.admission import Gate, Place
from service.intake.uploads import MIB, read_body
from service.preprocessing.canonical import SIDE
from service.protocols.parse_errors import describe_parse_error
from service.resources import Resources
from service.routes.intake import take_in

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

Document = TypeVar("Document")

MAX_DOCUMENT_BYTES = 64 * 1024  # of one that brings no images
INLINE_BYTES = 32 * 1024  # of JSON; two digits of long numbers, a millisecond of parsing
VALUES_PER_IMAGE = 4 * SIDE * SIDE  # a number, the brackets of a channel, and as much again
MAX_SHOWN = 60  # characters of a client's text that an error repeats
_WINDOW_BITS = {
    "gzip": 31,
    "x-gzip": 31,
    "deflate": 15,
}  # zlib's manual, inflateInit2; RFC 9110, 8.4.1


async def read_request(
    request: Request, resources: Resources, parse: Callable[[bytes], Document]
) -> Document:
    """Read the small document that a request without images has, and parse it.

    Args:
        request: The request, which needs no place.
        resources: What the lifespan made.
        parse: Makes something of the expanded body.

    Raises:
        UploadTooLargeError: If it is over `MAX_DOCUMENT_BYTES`, as it comes or expanded.
        SlowUploadError: If it comes too slowly.
        ProtocolError: If its encoding is unknown or the body damaged, or `parse` raises it.
        ClientDisconnect: If the client leaves before all of it has come.
    """
    encoding = request.headers.get("content-encoding", "")
    try:
        body = await read_body(
            request, MAX_DOCUMENT_BYTES, resources.slow_bodies, resources.body_memory
        )
        document = expand(body, encoding, MAX_DOCUMENT_BYTES)
    except UploadTooLargeError as error:
        raise UploadTooLargeError(
            f"The request has more than {MAX_DOCUMENT_BYTES // 1024} KiB, the most that one without images may have."
        ) from error
    return parse(document)


async def take_in_request(
    request: Request,
    resources: Resources,
    parse: Callable[[bytes], Document],
    *,
    gate: Gate | None = None,
) -> tuple[Document, Place]:
    """Admit a request for images, read its whole body, and parse it; in a thread where that takes long.

    Args:
        request: The request.
        resources: What the lifespan made.
        parse: Makes something of the expanded body.
        gate: Bounds the requests of this kind; default: the one of predictions.

    Returns:
        What `parse` made of the body, and the request's place.

    Raises:
        OverloadedError: If there is no room, its time ran out, or all bodies take too much.
        UploadTooLargeError: If it is over the bound of a batch, as it comes or expanded.
        ProtocolError: If its encoding is unknown or the body damaged, or `parse` raises it.
        DigitserveError: What `take_in` raises besides.
        ClientDisconnect: If the client leaves before all of the body has come.
    """
    max_bytes = resources.settings.max_batch_bytes
    body, place = await take_in(request, resources, max_bytes=max_bytes, gate=gate)
    encoding = request.headers.get("content-encoding", "")

    def expand_in_turn() -> bytes:
        place.check()
        return expand(body, encoding, max_bytes)

    def parse_in_turn() -> Document:
        place.check()
        return parse(body)

    if encoding:
        body = await resources.decoders.run(expand_in_turn)
        resources.body_memory.hold(request.scope, len(body))
    if len(body) <= INLINE_BYTES:
        return parse_in_turn(), place
    return await resources.decoders.run(parse_in_turn), place


def expand(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """Undo the content encoding of a body.

    Args:
        body: As it was sent.
        encoding: Value of `Content-Encoding`: empty, `identity`, `gzip` or `deflate`.
        max_bytes: Largest result.

    Raises:
        ProtocolError: If the encoding is another one, or the body is damaged.
        UploadTooLargeError: If the result is over the bound; it is not made.
    """
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"}:
        return body
    if encoding not in _WINDOW_BITS:
        raise ProtocolError(
            f"The Content-Encoding {quote(encoding)} is not taken. Send gzip, deflate or none."
        )
    stream = zlib.decompressobj(_WINDOW_BITS[encoding])
    try:
        expanded = stream.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise _damaged(encoding) from error
    if len(expanded) > max_bytes:
        raise UploadTooLargeError(
            f"The body expands to more than {max_bytes / MIB:g} MiB, the most that is accepted. Send fewer "
            "images at once."
        )
    if not stream.eof or stream.unused_data:
        raise _damaged(encoding)
    return expanded


def parse_json(document: bytes, *, max_images: int) -> Json:
    """Parse a JSON document of bounded size; NaN and Infinity are numbers, as in both protocols.

    Args:
        document: UTF-8 text.
        max_images: Most images of one request, which bounds the values of the document.

    Raises:
        ProtocolError: If it is empty, no JSON, nested too deeply, or holds more values than so many images.
    """
    if not document.strip():
        raise ProtocolError("JSON Parse error: The document is empty")
    num_values = sum(document.count(mark) for mark in (b",", b"[", b"{"))
    if num_values > max_images * VALUES_PER_IMAGE:
        raise ProtocolError(
            f"The document holds more values than {max_images} images have, the most that one request may "
            "bring. Send several requests."
        )
    try:
        parsed: Json = from_json(document)
    except ValueError as error:
        sentence = describe_parse_error(document, error)
        raise ProtocolError(f"{sentence}. Send one JSON document in UTF-8.") from error
    return parsed


def as_object(value: Json, what: str) -> dict[str, Json]:
    """Return a JSON object, or an empty one for null.

    Raises:
        ProtocolError: If it is something else.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ProtocolError(f"{what} is no JSON object.")
    return value


def as_list(value: Json, what: str) -> list[Json]:
    """Return a JSON array, or an empty one for null.

    Raises:
        ProtocolError: If it is something else.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise ProtocolError(f"{what} is no JSON array.")
    return value


def quote(value: object) -> str:
    """Return a client's value as an error repeats it: in short, however long it is."""
    return reprlib.repr(value)


def shorten(text: str) -> str:
    """Return the beginning of a client's text."""
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def _damaged(encoding: str) -> ProtocolError:
    return ProtocolError(f"The body is no whole stream of {encoding}. Send it again, or without.")
