"""Discarding: a refused upload is read on for a while, so that its client can read the refusal.

    answer in full -> rest of the body, bounded -> end of the answer, at which the server may close

A server that closes while bytes come makes the system reset the connection, and the client, which is still
sending, loses an answer that it had not read yet.

Source: RFC 9112, section 9.6.
"""

import asyncio
import contextlib

from starlette.types import Message, Receive, Scope, Send

MAX_BYTES = 64 * 1024 * 1024  # of a body that is read for nothing
MAX_S = 10.0
_NO_BODY = "no_body"


def expect_no_body(scope: Scope) -> None:
    """Note that the request's body has come, or that its rest is not worth waiting for."""
    scope["state"][_NO_BODY] = True


async def send_and_discard(message: Message, scope: Scope, receive: Receive, send: Send) -> None:
    """Send a piece of a refusal; the last one ends once the request's body has come or a bound is reached.

    Args:
        message: The piece; the answer has a content length, so that its client knows when it is whole.
        scope: Of the request.
        receive: Of the request.
        send: Of the request.
    """
    if message.get("more_body") or not _is_body_left(scope):
        await send(message)
        return
    await send({**message, "more_body": True})
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(MAX_S):
            await _discard(receive)
    await send({"type": "http.response.body"})


def _is_body_left(scope: Scope) -> bool:
    """Tell whether some of the request's body may still come."""
    if scope.get("state", {}).get(_NO_BODY):
        return False
    headers = dict(scope["headers"])
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"


async def _discard(receive: Receive) -> None:
    """Read until the body ends, the client leaves, or it was too much."""
    num_bytes, is_more = 0, True
    while is_more and num_bytes < MAX_BYTES:
        message = await receive()
        num_bytes += len(message.get("body", b""))
        is_more = message.get("more_body", False)  # not there when the client has left
